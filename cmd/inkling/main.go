// Command inkling is the command line of Inkling: import a graph, train a model on it, ask what it states and what
// it leaves out, change it, serve it. `inkling --help` lists the commands; each is a file of this folder and a field
// of the commands struct.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"sync"
	"syscall"

	"github.com/alecthomas/kong"

	"github.com/inklingdb/inkling/engine"
	"github.com/inklingdb/inkling/engine/experiment"
	"github.com/inklingdb/inkling/engine/factor"
	"github.com/inklingdb/inkling/engine/hook"
	"github.com/inklingdb/inkling/engine/hookcrash"
	"github.com/inklingdb/inkling/engine/model"
	"github.com/inklingdb/inkling/engine/plot"
	"github.com/inklingdb/inkling/engine/project"
	"github.com/inklingdb/inkling/engine/train"
	"github.com/inklingdb/inkling/engine/watermark"
	"github.com/inklingdb/inkling/engine/watermark/kgmark"
	"github.com/inklingdb/inkling/query/sparql"
	"github.com/inklingdb/inkling/server"
	"github.com/inklingdb/inkling/store"
	"github.com/inklingdb/inkling/store/crashtest"
	"github.com/inklingdb/inkling/store/rdf"
	"github.com/inklingdb/inkling/udf"
	"github.com/inklingdb/inkling/udf/cel"
)

// commands is the command line. To add a command: write its file and name it here.
type commands struct {
	Demo      demoCommand       `cmd:"" help:"Import a small real graph, train on it, ask, change it and ask again."`
	Import    importCommand     `cmd:"" help:"Read files of triples into a database, all or nothing."`
	Export    exportCommand     `cmd:"" help:"Write the graph."`
	Train     trainCommand      `cmd:"" help:"Train a model on the graph, measure and keep it."`
	EvalModel evalModelCommand  `cmd:"" name:"eval-model" help:"Rank test triples with a model: filtered MRR and Hits@k."`
	Errors    findErrorsCommand `cmd:"" name:"find-errors" help:"List stated triples that a model takes to be false, with reasons."`
	Suggest   suggestCommand    `cmd:"" help:"List triples that a model takes to be true and the graph does not state."`
	Plot      plotCommand       `cmd:"" help:"Draw a model's training curves, entities, ranks or relations as PNG or SVG."`
	Query     queryCommand      `cmd:"" help:"Answer a SPARQL query."`
	Update    updateCommand     `cmd:"" help:"Run a SPARQL update as one commit."`
	Watch     watchCommand      `cmd:"" help:"Show the rows of a SELECT, then those that appear and disappear."`
	Eval      evalCommand       `cmd:"" help:"Evaluate a CEL expression with Inkling's functions."`
	Serve     serveCommand      `cmd:"" help:"Serve SPARQL, a JSON API and a web page over HTTP."`
	Models    modelsCommand     `cmd:"" help:"Show models; drop one or make one the default."`
	Embedding embeddingCommand  `cmd:"" name:"embeddings" help:"Write a model's embeddings for other tools, or make a model of theirs."`
	Function  functionCommand   `cmd:"" help:"List functions; add or drop your own."`
	Hook      hookCommand       `cmd:"" help:"Watch changes: add, test and remove hooks, see what they did."`
	Stats     statsCommand      `cmd:"" help:"Count triples, terms, graphs and relations."`
	Patterns  patternsCommand   `cmd:"" help:"Show which relations are symmetric, inverse, composed, 1-to-N and the like."`
	Watermark watermarkCommand  `cmd:"" help:"Mark a graph with a secret key, and say later of any copy whose it is."`
	Bundle    bundleCommand     `cmd:"" help:"Give a marked graph away with its embeddings and a signed manifest; verify and import such a bundle."`
	Policy    policyCommand     `cmd:"" help:"Say by CEL what becomes of imported graphs that bear watermarks: accept, tag, warn or reject."`
	Check     checkCommand      `cmd:"" help:"Verify the whole database."`
	Backup    backupCommand     `cmd:"" help:"Write a consistent copy to a file."`
	Restore   restoreCommand    `cmd:"" help:"Make a new database from a backup."`
	Bench     benchCommand      `cmd:"" help:"Measure loading, training, prediction, queries, maintenance and crashes on this machine."`
	Version   versionCommand    `cmd:"" help:"Print the version."`
}

// Exit codes, stated in the help.
const (
	exitFailure     = 1
	exitUsage       = 2
	exitInput       = 3
	exitLimit       = 4
	exitInterrupted = 130
)

const description = `A graph database that knows what its graph leaves out.

Nodes and relations are named as in your files; in SPARQL put ":" before a plain name (:Asthma).
Exit codes: 0 done, 1 failed, 2 wrong use, 3 bad input (a file, query, expression or name, or what a hook or the import policy rejects), 4 a limit was reached,
130 interrupted.`

// app is what a command sees of the world.
type app struct {
	ctx context.Context
	in  io.Reader
	out io.Writer
	err io.Writer
}

func main() {
	if crashtest.Child() || hookcrash.Child() {
		return
	}
	os.Exit(run(os.Args[1:]))
}

// run executes a command line and returns the exit code.
func run(args []string) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	a := &app{ctx: ctx, in: os.Stdin, out: os.Stdout, err: os.Stderr}
	code := -1
	parser, err := kong.New(&commands{}, kong.Name("inkling"), kong.Description(description),
		kong.UsageOnError(), kong.ConfigureHelp(kong.HelpOptions{Compact: true}),
		kong.Exit(func(c int) { code = c }), kong.Bind(a), kong.Vars{
			"listen": server.DefaultListen, "families": nameList(model.Families, func(f model.Family) string { return f.Name }),
			"actions": nameList(hook.Actions, func(a hook.Action) string { return a.Name }),
			"ready":   nameList(hook.Ready, func(r hook.ReadyMade) string { return r.Definition.Name }),
			"presets": nameList(train.Presets, func(p train.Preset) string { return p.Name }),
			"flaws":   strings.Join(kgmark.LiteralNames(), ", "),
			"methods": factor.MethodNames(), "factorpresets": factor.PresetNames,
			"factmodels":   strings.Join(experiment.DefaultFactModels, ", "),
			"similarities": nameList(factor.Similarities, func(s factor.Similarity) string { return s.Name }),
		})
	if err != nil {
		fmt.Fprintln(os.Stderr, "inkling:", err)
		return exitFailure
	}
	if len(args) == 0 {
		args = []string{"--help"}
	}
	command, err := parser.Parse(args)
	if code >= 0 { // --help was answered
		return code
	}
	if err != nil {
		fmt.Fprintf(a.err, "inkling: %v\nTry: inkling --help\n", err)
		return exitUsage
	}
	err = command.Run()
	if err == nil {
		return 0
	}
	if ctx.Err() != nil {
		fmt.Fprintln(a.err, "inkling: interrupted")
		return exitInterrupted
	}
	fmt.Fprintln(a.err, "inkling:", err)
	return exitCode(err)
}

// nameList joins the names of a table's entries for a help text.
func nameList[T any](table []T, name func(T) string) string {
	names := make([]string, len(table))
	for i, entry := range table {
		names[i] = name(entry)
	}
	return strings.Join(names, ", ")
}

// usageError is a wrong use that kong cannot see.
type usageError struct{ error }

// exitCode sorts an error.
func exitCode(err error) int {
	var usage usageError
	var query *sparql.Error
	var syntax *rdf.SyntaxError
	var expression *cel.Error
	var unknown *udf.UnknownError
	var unreadable *rdf.ReadError
	switch {
	case errors.As(err, &usage), errors.Is(err, plot.ErrOptions):
		return exitUsage
	case errors.Is(err, engine.ErrLimit):
		return exitLimit
	case errors.As(err, &query), errors.As(err, &syntax), errors.As(err, &expression),
		errors.As(err, &unknown), errors.As(err, &unreadable), errors.Is(err, udf.ErrArgument),
		errors.Is(err, engine.ErrBadInput), errors.Is(err, plot.ErrNothing), errors.Is(err, project.ErrData), errors.Is(err, engine.ErrUnknownModel), errors.Is(err, engine.ErrNoModel),
		errors.Is(err, engine.ErrRejected), errors.Is(err, engine.ErrUnknownHook), errors.Is(err, engine.ErrImportRejected), errors.Is(err, engine.ErrNoPolicy),

		errors.Is(err, engine.ErrModelExists), errors.Is(err, os.ErrNotExist),
		errors.Is(err, watermark.ErrTooSmall), errors.Is(err, watermark.ErrNoKey), errors.Is(err, watermark.ErrKeyExists),
		errors.Is(err, watermark.ErrRing), errors.Is(err, watermark.ErrExposed), errors.Is(err, watermark.ErrPassphrase):
		return exitInput
	}
	return exitFailure
}

// database is the flag that names the database.
type database struct {
	keyRing
	DB string `name:"db" default:"inkling.db" placeholder:"DIR" help:"The database's directory (${default})."`
}

// open opens a database that must be there.
func (d database) open() (*engine.DB, error) {
	if !engine.Exists(d.DB) {
		return nil, fmt.Errorf("there is no database at %s: name one with --db, or make one with inkling import (%w)", d.DB, os.ErrNotExist)
	}
	return d.create(engine.Options{})
}

// create opens a database, making it when it is not there, but not among other files.
func (d database) create(o engine.Options) (*engine.DB, error) {
	if files, err := os.ReadDir(d.DB); err == nil && len(files) > 0 && !engine.Exists(d.DB) {
		return nil, fmt.Errorf("%w: the folder %s holds other files (%s, …); name a new one with --db", engine.ErrBadInput, d.DB, files[0].Name())
	}
	o.Keys = sync.OnceValues(d.ring)
	db, err := engine.Open(d.DB, o)
	if errors.Is(err, store.ErrLocked) {
		return nil, fmt.Errorf("the database %s is in use by another process (is inkling serve running? ask it over HTTP instead)", d.DB)
	}
	return db, err
}

// with runs f on a database that must be there and closes it.
func (d database) with(f func(db *engine.DB) error) error {
	db, err := d.open()
	if err != nil {
		return err
	}
	return errors.Join(f(db), db.Close())
}

// text returns an argument, or what stands in a file after "@", or standard input for "-".
func (a *app) text(argument string) (string, error) {
	switch {
	case argument == "-":
		data, err := io.ReadAll(a.in)
		return string(data), err
	case len(argument) > 1 && argument[0] == '@':
		data, err := os.ReadFile(argument[1:])
		return string(data), err
	}
	return argument, nil
}
