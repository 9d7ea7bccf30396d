package server

import (
	"net/http"
	"reflect"
	"regexp"
	"strings"
	"time"
)

// object is a JSON object of the OpenAPI document.
type object = map[string]any

// openAPI answers the OpenAPI 3.1 document of the route table.
func (s *Server) openAPI(w http.ResponseWriter, _ *http.Request) error {
	return writeJSON(w, http.StatusOK, document())
}

// document returns the OpenAPI 3.1 description of all routes, schemas taken from their Go types.
func document() object {
	schemas := object{"problem": schemaOf(reflect.TypeFor[problem](), object{})}
	paths := object{}
	for _, e := range routes {
		name := strings.ReplaceAll(e.path, "...}", "}")
		item, ok := paths[name].(object)
		if !ok {
			item = object{}
			paths[name] = item
		}
		item[strings.ToLower(e.method)] = operationOf(e, schemas)
	}
	return object{
		"openapi": "3.1.0",
		"info":    object{"title": "Inkling", "version": "1", "description": "A graph database that knows what its graph leaves out."},
		"paths":   paths,
		"components": object{
			"schemas":         schemas,
			"securitySchemes": object{"token": object{"type": "http", "scheme": "bearer"}},
		},
		"security": []object{{"token": []string{}}, {}},
	}
}

func operationOf(e route, schemas object) object {
	success := object{"description": "the answer"}
	if e.answer != nil {
		success["content"] = object{"application/json": object{"schema": reference(reflect.TypeOf(e.answer), schemas)}}
	}
	if e.gives != "" {
		content := object{}
		for _, media := range strings.Split(e.gives, ", ") {
			content[media] = object{"schema": object{"type": "string"}}
		}
		success["content"] = content
	}
	operation := object{
		"summary": e.summary,
		"responses": object{
			"2XX": success,
			"default": object{"description": "what went wrong, with its place in the text",
				"content": object{"application/problem+json": object{"schema": object{"$ref": "#/components/schemas/problem"}}}},
		},
	}
	if e.body != nil {
		operation["requestBody"] = object{"required": true,
			"content": object{"application/json": object{"schema": reference(reflect.TypeOf(e.body), schemas)}}}
	} else if e.media != "" {
		operation["requestBody"] = object{"required": true, "description": e.media,
			"content": object{"*/*": object{"schema": object{"type": "string"}}}}
	}
	if parameters := parametersOf(e); len(parameters) > 0 {
		operation["parameters"] = parameters
	}
	return operation
}

var pathName = regexp.MustCompile(`\{(\w+)(?:\.\.\.)?\}`)

func parametersOf(e route) (list []object) {
	for _, match := range pathName.FindAllStringSubmatch(e.path, -1) {
		list = append(list, object{"name": match[1], "in": "path", "required": true, "schema": object{"type": "string"}})
	}
	for _, p := range e.params {
		list = append(list, object{"name": p.name, "in": "query", "description": p.doc, "schema": object{"type": "string"}})
	}
	return list
}

// reference returns a reference to a named struct's schema, which it adds to schemas, or a schema in place.
func reference(t reflect.Type, schemas object) object {
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if t.Kind() != reflect.Struct || t.Name() == "" || t == reflect.TypeFor[time.Time]() {
		return schemaOf(t, schemas)
	}
	if _, known := schemas[t.Name()]; !known {
		schemas[t.Name()] = object{} // holds the place of a type that contains itself
		schemas[t.Name()] = schemaOf(t, schemas)
	}
	return object{"$ref": "#/components/schemas/" + t.Name()}
}

// schemaOf returns the JSON Schema of what encoding/json makes of a type.
func schemaOf(t reflect.Type, schemas object) object {
	switch t.Kind() {
	case reflect.Bool:
		return object{"type": "boolean"}
	case reflect.String:
		return object{"type": "string"}
	case reflect.Float32, reflect.Float64:
		return object{"type": "number"}
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64,
		reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return object{"type": "integer"}
	case reflect.Pointer:
		return reference(t.Elem(), schemas)
	case reflect.Slice, reflect.Array:
		return object{"type": "array", "items": reference(t.Elem(), schemas)}
	case reflect.Map:
		return object{"type": "object", "additionalProperties": reference(t.Elem(), schemas)}
	case reflect.Struct:
		if t == reflect.TypeFor[time.Time]() {
			return object{"type": "string", "format": "date-time"}
		}
		properties := object{}
		addProperties(t, properties, schemas)
		return object{"type": "object", "properties": properties}
	}
	return object{} // any value
}

// addProperties adds a struct's fields, those of embedded structs included.
func addProperties(t reflect.Type, properties, schemas object) {
	for i := range t.NumField() {
		field := t.Field(i)
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		switch {
		case field.Anonymous && name == "":
			addProperties(field.Type, properties, schemas)
		case field.IsExported() && name != "-":
			if name == "" {
				name = field.Name
			}
			properties[name] = reference(field.Type, schemas)
		}
	}
}
