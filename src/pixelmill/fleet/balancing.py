"""What gRPC is told to do for a pool: which instance is next, who is passed over, what is tried again."""

from __future__ import annotations

from typing import Any

from pixelmill.settings import Balancing

_POLICIES: dict[Balancing, dict[str, Any]] = {
    "round_robin": {"round_robin": {}},
    # By the load reports that come with each answer: they say something as soon as there are some.
    "weighted_round_robin": {
        "weighted_round_robin": {
            "blackoutPeriod": "0.5s",
            "weightUpdatePeriod": "0.5s",
            "weightExpirationPeriod": "60s",
        }
    },
}


def service_config(balancing: Balancing = "round_robin") -> dict[str, Any]:
    """Return gRPC's service config for a channel to a pool.

    Source: the proposals A6 (retries and their throttling), A17 (health), A50 (outliers), A58 (weights) of gRPC.
    """
    return {
        "loadBalancingConfig": [
            {
                "outlier_detection_experimental": {
                    "interval": "2s",
                    "baseEjectionTime": "5s",
                    "maxEjectionTime": "30s",
                    "maxEjectionPercent": 50,
                    # An instance that hangs or is broken fails nearly all of its calls. What clients cancel counts, too.
                    "failurePercentageEjection": {
                        "threshold": 90,
                        "enforcementPercentage": 100,
                        "minimumHosts": 2,
                        "requestVolume": 20,
                    },
                    "childPolicy": [_POLICIES[balancing]],
                }
            }
        ],
        "healthCheckConfig": {"serviceName": ""},
        # A hundred calls may be lost at once, with a machine; where nobody answers, that is all that is tried again.
        "retryThrottling": {"maxTokens": 200, "tokenRatio": 0.1},
        "methodConfig": [
            {
                "name": [{}],
                "retryPolicy": {
                    "maxAttempts": 5,
                    "initialBackoff": "0.02s",
                    "maxBackoff": "0.5s",
                    "backoffMultiplier": 3,
                    "retryableStatusCodes": ["UNAVAILABLE", "RESOURCE_EXHAUSTED"],
                },
            }
        ],
    }
