package web

import (
	"context"
	"math"
	"net/http"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"mingjing/app/fault"
	"mingjing/app/journal"
	"mingjing/app/logbook"
	"mingjing/app/store"
	"mingjing/app/web/door"
)

// scrape is how long a reading of the database for the metrics may take.
const scrape = 2 * time.Second

// metrics counts requests by route, never by visitor.
type metrics struct {
	registry *prometheus.Registry
	requests *prometheus.CounterVec
	took     *prometheus.HistogramVec
	hits     prometheus.Counter
}

func newMetrics(h *door.House) *metrics {
	m := &metrics{
		registry: prometheus.NewRegistry(),
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "portal_requests_total", Help: "Requests by method, route and status."},
			[]string{"method", "route", "status"}),
		took: prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "portal_request_seconds", Help: "Time to answer by route.",
			Buckets: []float64{.005, .02, .05, .1, .25, .5, 1, 2.5, 10}}, []string{"route"}),
		hits: prometheus.NewCounter(prometheus.CounterOpts{Name: "portal_page_cache_hits_total", Help: "Public pages answered from memory."}),
	}
	gauge := func(name, help string, read func(r *store.Reader) (float64, error)) prometheus.Collector {
		return prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help + "; NaN when the database does not answer."}, func() (v float64) {
			ctx, cancel := context.WithTimeout(context.Background(), scrape)
			defer cancel()
			err := h.DB.Read(ctx, func(r *store.Reader) (err error) {
				v, err = read(r)
				return err
			})
			if err != nil {
				return math.NaN()
			}
			return v
		})
	}
	m.registry.MustRegister(
		gauge("portal_outbox_oldest_seconds", "Age of the oldest message that waits to be sent", func(r *store.Reader) (float64, error) {
			at, err := journal.OldestWaiting(r)
			if err != nil || at.IsZero() {
				return 0, err
			}
			return r.Now.Sub(at).Seconds(), nil
		}),
		gauge("portal_log_lag_seconds", "How long the oldest entry of the public log waits for a checkpoint over it", func(r *store.Reader) (float64, error) {
			lag, err := logbook.Lag(r)
			return lag.Seconds(), err
		}),
		gauge("portal_log_size", "Entries that the newest checkpoint of the public log covers", func(r *store.Reader) (float64, error) {
			c, err := logbook.Newest(r)
			if fault.Is(err, fault.NotFound) {
				return 0, nil
			}
			return float64(c.Size), err
		}))
	m.registry.MustRegister(m.requests, m.took, m.hits, collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

func (m *metrics) request(method, route string, status int, took time.Duration) {
	m.requests.WithLabelValues(method, route, strconv.Itoa(status)).Inc()
	m.took.WithLabelValues(route).Observe(took.Seconds())
}

// Metrics is the handler for the operator's own address; it is on no public route.
func (s *Server) Metrics() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/metrics", promhttp.HandlerFor(s.metrics.registry, promhttp.HandlerOpts{}))
	return mux
}
