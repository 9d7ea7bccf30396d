package server

import (
	"context"
	"sync"
)

// baseName remembers the store's base, which never changes.
type baseName struct {
	mu  sync.Mutex // guards iri
	iri string
}

// base returns the IRI that plain names stand under.
func (s *Server) base(ctx context.Context) (string, error) {
	s.baseName.mu.Lock()
	known := s.baseName.iri
	s.baseName.mu.Unlock()
	if known != "" {
		return known, nil
	}
	stats, err := s.db.Stats(ctx)
	if err != nil {
		return "", err
	}
	s.baseName.mu.Lock()
	s.baseName.iri = stats.Base
	s.baseName.mu.Unlock()
	return stats.Base, nil
}
