"use strict";
SwaggerUIBundle({
  url: "/openapi.json",
  dom_id: "#paths",
  deepLinking: true,
  tryItOutEnabled: true,
  requestSnippetsEnabled: true,
});
