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

	"mingjing/app/journal"
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
	oldest := prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "portal_outbox_oldest_seconds", Help: "Age of the oldest message that waits to be sent; NaN when the database does not answer."},
		func() float64 {
			ctx, cancel := context.WithTimeout(context.Background(), scrape)
			defer cancel()
			age := 0.0
			err := h.DB.Read(ctx, func(r *store.Reader) error {
				at, err := journal.OldestWaiting(r)
				if err == nil && !at.IsZero() {
					age = r.Now.Sub(at).Seconds()
				}
				return err
			})
			if err != nil {
				return math.NaN()
			}
			return age
		})
	m.registry.MustRegister(oldest, m.requests, m.took, m.hits, collectors.NewGoCollector(),
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
