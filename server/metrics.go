package server

import (
	"log/slog"
	"net/http"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// metrics are what /metrics shows, in a registry of their own.
type metrics struct {
	registry *prometheus.Registry
	requests *prometheus.CounterVec   // by route and status
	seconds  *prometheus.HistogramVec // by route
	rows     prometheus.Counter       // sent in answers to queries
	active   atomic.Int64             // requests being answered
}

func newMetrics(s *Server) *metrics {
	m := &metrics{
		registry: prometheus.NewRegistry(),
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "inkling_http_requests_total", Help: "Requests answered, by route and status.",
		}, []string{"route", "status"}),
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "inkling_http_request_seconds", Help: "Time from a request's head to its last byte, by route.",
			Buckets: []float64{.001, .003, .01, .03, .1, .3, 1, 3, 10, 30},
		}, []string{"route"}),
		rows: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "inkling_result_rows_total", Help: "Rows and statements sent in answers.",
		}),
	}
	running := prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "inkling_queries_running", Help: "Queries, updates and expressions running now.",
	}, func() float64 { return float64(s.queries.load()) })
	active := prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "inkling_http_requests_active", Help: "Requests being answered now.",
	}, func() float64 { return float64(m.active.Load()) })
	watching := prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "inkling_watchers", Help: "Standing queries being streamed now.",
	}, func() float64 { return float64(s.watchers.load()) })
	version := prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "inkling_graph_version", Help: "Version of the latest commit.",
	}, func() float64 { return float64(s.db.Version()) })
	m.registry.MustRegister(m.requests, m.seconds, m.rows, running, active, watching, version, modelCollector{s}, hookCollector{s},
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

func (m *metrics) handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{Registry: m.registry})
}

// modelCollector reports the models as they are when asked, since they come and go.
type modelCollector struct{ s *Server }

// modelGauges are the figures told of each model.
var modelGauges = struct{ version, lag, drift, mrr *prometheus.Desc }{
	prometheus.NewDesc("inkling_model_version", "Version of the last commit a model has applied.", []string{"model"}, nil),
	prometheus.NewDesc("inkling_model_lag", "Commits a model has not applied yet.", []string{"model"}, nil),
	prometheus.NewDesc("inkling_model_drift", "Estimated distance of a model from a refit.", []string{"model"}, nil),
	prometheus.NewDesc("inkling_model_mrr", "Filtered MRR on held-out triples at the end of training.", []string{"model"}, nil),
}

// Describe sends the descriptions of the gauges.
func (c modelCollector) Describe(out chan<- *prometheus.Desc) {
	out <- modelGauges.version
	out <- modelGauges.lag
	out <- modelGauges.drift
	out <- modelGauges.mrr
}

// Collect sends each model's figures.
func (c modelCollector) Collect(out chan<- prometheus.Metric) {
	for _, card := range c.s.db.Models() {
		send := func(d *prometheus.Desc, value float64) {
			out <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, value, card.Name)
		}
		send(modelGauges.version, float64(card.Version))
		send(modelGauges.lag, float64(card.Lag))
		send(modelGauges.drift, card.Drift)
		send(modelGauges.mrr, card.HeldOut.MRR)
	}
}

// observe counts and logs each request.
func (s *Server) observe(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		start := time.Now()
		seen := &recorder{ResponseWriter: w}
		s.metrics.active.Add(1)
		defer func() {
			s.metrics.active.Add(-1)
			elapsed := time.Since(start)
			route := r.Pattern
			if route == "" {
				route = "other" // a path that is not ours must not become a label
			}
			status := seen.status
			if status == 0 {
				status = http.StatusOK
			}
			s.metrics.requests.WithLabelValues(route, strconv.Itoa(status)).Inc()
			s.metrics.seconds.WithLabelValues(route).Observe(elapsed.Seconds())
			s.log.LogAttrs(r.Context(), level(status), "request",
				slog.String("method", r.Method), slog.String("path", r.URL.Path), slog.Int("status", status),
				slog.Int64("bytes", seen.bytes), slog.Duration("elapsed", elapsed), slog.String("remote", r.RemoteAddr),
				slog.String("problem", seen.problem))
		}()
		next.ServeHTTP(seen, r)
	})
}

func level(status int) slog.Level {
	if status >= http.StatusInternalServerError {
		return slog.LevelError
	}
	return slog.LevelInfo
}

// recorder remembers what was answered.
type recorder struct {
	http.ResponseWriter
	status  int
	bytes   int64
	problem string // what went wrong, for the log
}

// WriteHeader sends the status.
func (r *recorder) WriteHeader(status int) {
	if r.status == 0 {
		r.status = status
	}
	r.ResponseWriter.WriteHeader(status)
}

// Write sends a part of the body.
func (r *recorder) Write(data []byte) (int, error) {
	if r.status == 0 {
		r.status = http.StatusOK
	}
	n, err := r.ResponseWriter.Write(data)
	r.bytes += int64(n)
	return n, err
}

// Unwrap lets http.ResponseController reach the connection.
func (r *recorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }
