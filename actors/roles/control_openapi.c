#include <string.h>

#include "actors/roles/control_http.h"
#include "executors/registry.h"

/* ---- Paths ---- */

static void openapi_put_parameter(struct text *out, const char *name, const char *in,
                                  const char *doc)
{
    json_object_begin(out);
    json_put_string(out, "name", name);
    json_put_string(out, "in", in);
    json_put_bool(out, "required", strcmp(in, "path") == 0);
    if (doc != NULL) {
        json_put_string(out, "description", doc);
    }
    json_put_raw(out, "schema", "{\"type\":\"string\"}");
    json_object_end(out);
}

static void openapi_put_parameters(struct text *out, const struct control_route *route)
{
    json_key(out, "parameters");
    json_array_begin(out);
    for (const char *p = strchr(route->path, '{'); p != NULL; p = strchr(p + 1, '{')) {
        char name[CONTROL_NAME_MAX];
        const size_t length = strcspn(p + 1, "}");
        ASSERT(length < sizeof(name));
        memcpy(name, p + 1, length);
        name[length] = '\0';
        openapi_put_parameter(out, name, "path", NULL);
    }
    const struct control_parameter *parameter = route->parameters;
    for (; parameter != NULL && parameter->name != NULL; parameter++) {
        openapi_put_parameter(out, parameter->name, "query", parameter->doc);
    }
    json_array_end(out);
}

static void openapi_put_body(struct text *out, const struct field *fields)
{
    json_key(out, "requestBody");
    json_object_begin(out);
    json_key(out, "content");
    json_object_begin(out);
    json_key(out, "application/json");
    json_object_begin(out);
    json_key(out, "schema");
    field_print_schema(fields, out);
    json_object_end(out);
    json_object_end(out);
    json_object_end(out);
}

static void openapi_put_responses(struct text *out, const struct control_route *route)
{
    static const char refusal[] =
        "{\"description\":\"Refused.\",\"content\":{\"application/json\":{\"schema\":"
        "{\"$ref\":\"#/components/schemas/Refusal\"}}}}";
    json_key(out, "responses");
    json_object_begin(out);
    json_key(out, route->status == 201 ? "201" : "200");
    json_raw(out, strcmp(route->path, "/metrics") == 0
                      ? "{\"description\":\"Done.\",\"content\":{\"text/plain\":{}}}"
                      : "{\"description\":\"Done.\",\"content\":{\"application/json\":{}}}");
    json_put_raw(out, "default", refusal);
    json_object_end(out);
}

static void openapi_put_operation(struct text *out, const struct control_route *route)
{
    char method[8] = "";
    for (size_t i = 0; i < sizeof(method) - 1 && route->method[i] != '\0'; i++) {
        method[i] = (char)(route->method[i] + ('a' - 'A'));
    }
    json_key(out, method);
    json_object_begin(out);
    json_put_string(out, "description", route->doc);
    openapi_put_parameters(out, route);
    if (route->body != NULL && route->body[0].name != NULL) {
        openapi_put_body(out, route->body);
    }
    openapi_put_responses(out, route);
    if (route->scope == LINK_SCOPE_NONE) {
        json_put_raw(out, "security", "[]");
    }
    json_object_end(out);
}

static bool openapi_is_first(const struct control_route *route)
{
    for (const struct control_route *i = control_routes; i != route; i++) {
        if (strcmp(i->path, route->path) == 0) {
            return false;
        }
    }
    return true;
}

static void openapi_put_paths(struct text *out)
{
    json_key(out, "paths");
    json_object_begin(out);
    for (const struct control_route *route = control_routes; route->method != NULL; route++) {
        if (!openapi_is_first(route)) {
            continue;
        }
        json_key(out, route->path);
        json_object_begin(out);
        for (const struct control_route *i = route; i->method != NULL; i++) {
            if (strcmp(i->path, route->path) == 0) {
                openapi_put_operation(out, i);
            }
        }
        json_object_end(out);
    }
    json_object_end(out);
}

/* ---- Components ---- */

static void openapi_put_components(struct text *out)
{
    json_key(out, "components");
    json_object_begin(out);
    json_put_raw(out, "securitySchemes",
                 "{\"token\":{\"type\":\"http\",\"scheme\":\"bearer\"},"
                 "\"password\":{\"type\":\"http\",\"scheme\":\"basic\"}}");
    json_key(out, "schemas");
    json_object_begin(out);
    json_put_raw(out, "Refusal",
                 "{\"type\":\"object\",\"properties\":{\"detail\":{\"type\":\"string\"},"
                 "\"code\":{\"type\":\"string\"}},\"required\":[\"detail\"]}");
    for (size_t i = 0; i < executor_kind_count(); i++) {
        const struct executor_kind *kind = executor_kind_at(i);
        json_key(out, kind->type);
        field_print_schema(kind->config_fields, out);
    }
    json_object_end(out);
    json_object_end(out);
}

void control_carry_openapi(struct control_visit *visit)
{
    struct text out = {0};
    json_object_begin(&out);
    json_put_string(&out, "openapi", "3.1.0");
    json_put_raw(&out, "info", "{\"title\":\"tutti\",\"version\":\"" TUTTI_VERSION "\"}");
    json_put_raw(&out, "security", "[{\"token\":[]},{\"password\":[]}]");
    openapi_put_paths(&out);
    openapi_put_components(&out);
    json_object_end(&out);
    control_http_answer(visit->control, visit->exchange, 200, &out);
    text_done(&out);
}
