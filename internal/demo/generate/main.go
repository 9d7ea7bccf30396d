// Command generate makes internal/demo/graph.tsv.gz from two benchmark folders of ../shared/data: the triples of
// CoDEx-S (Wikidata statements, CC0) whose two entities have an English label in the text file that comes with
// FB15k-237 (Wikidata labels, CC0). Nothing of Freebase is taken.
//
//	go run ./internal/demo/generate -data ../shared/data -out internal/demo/graph.tsv.gz
package main

import (
	"bufio"
	"compress/gzip"
	"flag"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"sort"
	"strings"
)

func main() {
	data := flag.String("data", "../shared/data", "the folder that holds CoDEx-S and FB15k-237")
	out := flag.String("out", "internal/demo/graph.tsv.gz", "the file to write")
	flag.Parse()
	if err := generate(*data, *out); err != nil {
		log.Fatal(err)
	}
}

func generate(data, out string) error {
	labels, err := entityNames(filepath.Join(data, "FB15k-237", "entity_text.tsv.gz"))
	if err != nil {
		return err
	}
	relations, err := relationNames(filepath.Join(data, "CoDEx-S", "relation_text.tsv.gz"))
	if err != nil {
		return err
	}
	var lines []string
	for _, split := range []string{"train", "valid", "test"} {
		rows, err := readRows(filepath.Join(data, "CoDEx-S", split+".tsv.gz"))
		if err != nil {
			return err
		}
		for _, row := range rows {
			h, t := labels[row[0]], labels[row[2]]
			if h != "" && t != "" {
				lines = append(lines, h+"\t"+relations[row[1]]+"\t"+t+"\n")
			}
		}
	}
	sort.Strings(lines)
	fmt.Printf("%d triples\n", len(lines))
	return write(out, lines)
}

// entityNames maps Wikidata identifiers to unique names: the label with underscores for spaces, followed by
// the identifier where two entities share a label.
func entityNames(path string) (map[string]string, error) {
	rows, err := readRows(path)
	if err != nil {
		return nil, err
	}
	const label, item = 2, 4 // columns: Freebase id, name, Wikidata label, description, Wikidata item
	uses := map[string]map[string]bool{}
	for _, row := range rows {
		if len(row) > item && row[label] != "" && row[item] != "" {
			name := wordsToName(row[label])
			if uses[name] == nil {
				uses[name] = map[string]bool{}
			}
			uses[name][row[item]] = true
		}
	}
	names := map[string]string{}
	for name, items := range uses {
		for id := range items {
			names[id] = name
			if len(items) > 1 {
				names[id] = name + "_" + id
			}
		}
	}
	return names, nil
}

// relationNames maps Wikidata properties to short names.
func relationNames(path string) (map[string]string, error) {
	short := map[string]string{
		"P27": "citizen_of", "P1412": "speaks", "P17": "in_country", "P108": "employer", "P69": "educated_at",
		"P19": "born_in", "P20": "died_in", "P509": "cause_of_death", "P463": "member_of", "P530": "diplomatic_relation",
		"P161": "cast_member", "P495": "country_of_origin", "P102": "political_party", "P159": "headquarters",
		"P119": "buried_in", "P800": "notable_work", "P1303": "plays",
	}
	rows, err := readRows(path)
	if err != nil {
		return nil, err
	}
	names := map[string]string{}
	for _, row := range rows {
		names[row[0]] = short[row[0]]
		if names[row[0]] == "" {
			names[row[0]] = wordsToName(row[1])
		}
	}
	return names, nil
}

// wordsToName makes a label fit to be typed as the local part of an IRI.
func wordsToName(label string) string {
	drop := strings.NewReplacer(" ", "_", ",", "", ".", "", "'", "", "’", "", "\"", "", "(", "", ")", "", "&", "and", "/", "_", "!", "")
	return drop.Replace(label)
}

func readRows(path string) ([][]string, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	var rows [][]string
	lines := bufio.NewScanner(z)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		rows = append(rows, strings.Split(lines.Text(), "\t"))
	}
	return rows, lines.Err()
}

func write(path string, lines []string) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	z, err := gzip.NewWriterLevel(f, gzip.BestCompression)
	if err != nil {
		return err
	}
	for _, line := range lines {
		if _, err := z.Write([]byte(line)); err != nil {
			return err
		}
	}
	if err := z.Close(); err != nil {
		return err
	}
	return f.Close()
}
