package server

import (
	"crypto/sha256"
	"crypto/subtle"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
)

// guard wraps a handler in the checks every request passes, outermost first: headers, host, origin, token.
func (s *Server) guard(next http.Handler) http.Handler {
	return s.secureHeaders(s.checkHost(s.shareAcrossOrigins(s.checkOrigin(s.checkToken(next)))))
}

// The page loads only what this server serves; results of the API are data and may load nothing.
const (
	pagePolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; " +
		"base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
	dataPolicy = "default-src 'none'; frame-ancestors 'none'"
)

func (s *Server) secureHeaders(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", dataPolicy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("X-Frame-Options", "DENY")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		if len(s.origins) == 0 {
			h.Set("Cross-Origin-Resource-Policy", "same-origin")
		}
		next.ServeHTTP(w, r)
	})
}

// checkHost answers 403 when a loopback server is asked for by another name: a page elsewhere whose name was
// pointed at 127.0.0.1 (DNS rebinding) is then not of this server's origin.
func (s *Server) checkHost(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if s.loopback && !isLoopbackName(hostname(r.Host)) && !slices.Contains(s.hosts, hostname(r.Host)) {
			problemf(http.StatusForbidden, "the host %q is not one of this server's names", r.Host).write(w, r)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// hostname returns a host without its port and brackets, in lower case.
func hostname(host string) string {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	return strings.ToLower(strings.Trim(host, "[]"))
}

// isLoopbackName reports whether a name can only mean this machine.
func isLoopbackName(name string) bool {
	if name == "localhost" || strings.HasSuffix(name, ".localhost") {
		return true
	}
	address, err := netip.ParseAddr(name)
	return err == nil && address.IsLoopback()
}

// shareAcrossOrigins lets pages of the origins in Options read answers; without any it does nothing.
func (s *Server) shareAcrossOrigins(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		origin := r.Header.Get("Origin")
		if origin == "" || !slices.Contains(s.origins, origin) {
			next.ServeHTTP(w, r)
			return
		}
		h := w.Header()
		h.Set("Access-Control-Allow-Origin", origin)
		h.Add("Vary", "Origin")
		h.Set("Access-Control-Expose-Headers", "Inkling-Graph-Version, Location")
		if r.Method == http.MethodOptions && r.Header.Get("Access-Control-Request-Method") != "" {
			h.Set("Access-Control-Allow-Methods", "GET, HEAD, POST, PUT, DELETE")
			h.Set("Access-Control-Allow-Headers", "Authorization, Content-Type, Accept, Last-Event-ID")
			h.Set("Access-Control-Max-Age", "600")
			w.WriteHeader(http.StatusNoContent)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// checkOrigin answers 403 to what a page of another origin sends: writes by any method, and reads of data too,
// since a query costs time even when its answer cannot be read.
func (s *Server) checkOrigin(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		allowed := slices.Contains(s.origins, r.Header.Get("Origin"))
		if !allowed && (s.crossOrigin.Check(r) != nil || crossSiteRead(r)) {
			problemf(http.StatusForbidden, "requests from pages of other origins are not answered").write(w, r)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// crossSiteRead reports whether another site's page embeds or fetches data; opening the page by a link is fine.
func crossSiteRead(r *http.Request) bool {
	return r.Header.Get("Sec-Fetch-Site") == "cross-site" && r.Header.Get("Sec-Fetch-Mode") != "navigate"
}

// checkToken answers 401 to requests without the token, when there is one. The page itself holds no data and is
// open, so that it can ask for the token; so are the two health endpoints.
func (s *Server) checkToken(next http.Handler) http.Handler {
	want := sha256.Sum256([]byte(s.token))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if s.token == "" || isOpen(r.URL.Path) {
			next.ServeHTTP(w, r)
			return
		}
		scheme, credential, _ := strings.Cut(r.Header.Get("Authorization"), " ")
		got := sha256.Sum256([]byte(strings.TrimSpace(credential)))
		if !strings.EqualFold(scheme, "Bearer") || subtle.ConstantTimeCompare(got[:], want[:]) != 1 {
			problemf(http.StatusUnauthorized, "this server asks for its token: Authorization: Bearer TOKEN").write(w, r)
			return
		}
		next.ServeHTTP(w, r)
	})
}

func isOpen(path string) bool {
	switch path {
	case "/", "/favicon.svg", "/api/v1/health", "/api/v1/ready":
		return true
	}
	return strings.HasPrefix(path, "/assets/")
}
