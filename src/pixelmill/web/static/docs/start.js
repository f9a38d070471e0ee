// Shows the OpenAPI document. No validator is asked: it would be on another host.
window.docs = SwaggerUIBundle({
  url: "/openapi.json",
  dom_id: "#docs",
  deepLinking: true,
  validatorUrl: null,
});
