"""What a fleet tells about its work: metrics, traces and logs. It knows nothing of gRPC and HTTP."""
