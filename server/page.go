package server

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io/fs"
	"net/http"
	"path"
	"strings"
)

// dist is the built page; `npm run build` in web makes it from the sources beside it.
//
//go:embed all:web/dist
var dist embed.FS

// mediaOf names the types of the page's files; the machine's own tables differ.
var mediaOf = map[string]string{
	".html": "text/html; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8", ".svg": "image/svg+xml",
	".txt": "text/plain; charset=utf-8",
}

// asset is one file of the page.
type asset struct {
	data  []byte
	media string
	tag   string // its ETag
}

// page serves the embedded files.
type page map[string]asset

func newPage() page {
	p := page{}
	err := fs.WalkDir(dist, "web/dist", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		data, err := dist.ReadFile(name)
		if err != nil {
			return err
		}
		sum := sha256.Sum256(data)
		media := mediaOf[path.Ext(name)]
		p[strings.TrimPrefix(name, "web/dist")] = asset{data, media, `"` + hex.EncodeToString(sum[:8]) + `"`}
		return nil
	})
	if err != nil {
		panic(fmt.Sprintf("server: the embedded page cannot be read: %v", err)) // the binary itself would be broken
	}
	return p
}

// ServeHTTP answers with a file of the page; the browser asks each time whether its copy is still right.
func (p page) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	name := r.URL.Path
	if name == "/" {
		name = "/index.html"
	}
	file, ok := p[name]
	if !ok {
		problemf(http.StatusNotFound, "nothing is at %s; the API is described at /api/v1/openapi.json", r.URL.Path).write(w, r)
		return
	}
	h := w.Header()
	h.Set("Content-Security-Policy", pagePolicy)
	h.Set("Content-Type", file.media)
	h.Set("Cache-Control", "no-cache")
	h.Set("ETag", file.tag)
	if r.Header.Get("If-None-Match") == file.tag {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	_, _ = w.Write(file.data) // the client has gone; nothing is left to tell
}
