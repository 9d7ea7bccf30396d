package server

import (
	"net/http"
)

// answer runs a query and streams its result in the format asked for.
func (s *Server) answer(w http.ResponseWriter, r *http.Request, op operation) error {
	return problemf(http.StatusNotImplemented, "results have no format yet")
}
