// Package server offers a database over HTTP: the SPARQL 1.1 Protocol, the Graph Store Protocol, a JSON API, a web
// page embedded in the binary, and metrics for Prometheus.
//
// New checks its Options and returns a Server; Serve listens until its context ends and then drains. The API is the
// table in routes.go, from which the OpenAPI document is made too. Every request passes the guards of guard.go (host,
// origin, token), then the limits of limits.go. The package holds no logic of its own about graphs, queries or
// models: package engine does.
package server
