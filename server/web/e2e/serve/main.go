// Command serve answers for the page's end-to-end test: the demo graph, a model trained on a part of it, one server
// on a free port of this machine. It prints the server's address and runs until it is interrupted.
package main

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"github.com/inklingdb/inkling/engine/train"
	"log"
	"log/slog"
	"net"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/inklingdb/inkling/engine"
	"github.com/inklingdb/inkling/internal/demo"
	"github.com/inklingdb/inkling/server"
)

func main() {
	listen := flag.String("listen", "127.0.0.1:0", "address to listen on")
	epochs := flag.Int("epochs", 12, "epochs to train; 0 trains no model")
	token := flag.String("token", "", "token to ask for")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := serve(ctx, *listen, *token, *epochs); err != nil {
		log.Fatal(err)
	}
}

func serve(ctx context.Context, listen, token string, epochs int) error {
	db, err := engine.Open("", engine.Options{})
	if err != nil {
		return err
	}
	defer db.Close()
	if _, err := db.Import(ctx, engine.ImportRequest{Reader: bytes.NewReader(demo.Graph), Format: "tsv", Name: "demo"}); err != nil {
		return err
	}
	if epochs > 0 {
		if _, err := db.Train(ctx, engine.TrainRequest{Options: train.Options{Dim: 32, Epochs: epochs, Seed: 1}}); err != nil {
			return err
		}
	}
	s, err := server.New(db, server.Options{Token: token, Limits: server.Limits{QueryTime: 5 * time.Minute}, Log: slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))})
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", listen)
	if err != nil {
		return err
	}
	fmt.Printf("http://%s/\n", listener.Addr())
	return s.ServeListener(ctx, listener)
}
