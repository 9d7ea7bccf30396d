package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"

	"github.com/jedib0t/go-pretty/v6/table"
)

// newTable returns a plain table with a header, written to out by Render.
func newTable(out io.Writer, header ...string) table.Writer {
	t := table.NewWriter()
	t.SetOutputMirror(out)
	style := table.StyleLight
	style.Options.DrawBorder = false
	style.Options.SeparateColumns = false
	style.Format.Header = 0 // as written
	t.SetStyle(style)
	row := make(table.Row, len(header))
	for i, h := range header {
		row[i] = h
	}
	t.AppendHeader(row)
	return t
}

// printJSON writes a value as indented JSON.
func printJSON(out io.Writer, value any) error {
	e := json.NewEncoder(out)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(value)
}

// saveJSON writes a value where --json says: nowhere, to out (-), or to a file. An error says which file it is about.
func saveJSON(out io.Writer, path string, value any) error {
	switch path {
	case "":
		return nil
	case "-":
		return printJSON(out, value)
	}
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	return errors.Join(printJSON(f, value), f.Close())
}

// reportTo returns where the tables beside --json go: nowhere when JSON goes to out.
func reportTo(out io.Writer, json string) io.Writer {
	if json == "-" {
		return io.Discard
	}
	return out
}

// grouped writes a number with commas between thousands.
func grouped(n int64) string {
	if n < 0 {
		return "-" + grouped(-n)
	}
	s := strconv.FormatInt(n, 10)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// sizeText writes bytes for people.
func sizeText(bytes int64) string {
	const unit = 1000
	size, units := float64(bytes), []string{"B", "kB", "MB", "GB", "TB"}
	i := 0
	for size >= unit && i < len(units)-1 {
		size /= unit
		i++
	}
	if i == 0 {
		return fmt.Sprintf("%d B", bytes)
	}
	return fmt.Sprintf("%.1f %s", size, units[i])
}

// plural returns "1 thing" or "2 things".
func plural(n int64, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return grouped(n) + " " + thing + "s"
}
