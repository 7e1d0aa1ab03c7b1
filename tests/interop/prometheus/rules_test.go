// The chart's alerts and dashboard in Prometheus' own engine, over what a running agent prints: each panel shows something, a
// healthy agent raises no alert, and each trouble raises its own alert and no other.
package prometheus

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/rulefmt"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/util/annotations"
	"kmsak.io/interop/running"
)

const files = "../../../examples/deploy/helm/kmsak/files/"

// What becomes of a series: where it begins, and how much it grows in each half minute. None for one that is not there.
type course func(series string, value float64) *[2]float64

// Counters of what goes well grow; nothing else changes.
func healthy(series string, value float64) *[2]float64 {
	name, _, _ := strings.Cut(series, "{")
	if !strings.HasSuffix(name, "_total") || strings.Contains(name, "fail") || strings.Contains(series, `"5xx"`) {
		return &[2]float64{value, 0}
	}
	return &[2]float64{value, 1}
}

// As healthy, but for the series that begin so.
func but(beginning string, becomes *[2]float64) course {
	return func(series string, value float64) *[2]float64 {
		if strings.HasPrefix(series, beginning) {
			return becomes
		}
		return healthy(series, value)
	}
}

var troubles = map[string]course{
	"KmsakSecretStale": but("kmsak_secret_stale_seconds", &[2]float64{4000, 0}),
	"KmsakSecretNeverFetched": func(series string, value float64) *[2]float64 {
		if strings.HasPrefix(series, "kmsak_secret_fetch_failures_total") {
			return &[2]float64{1, 1}
		}
		return but("kmsak_secret_fetches_total", &[2]float64{0, 0})(series, value)
	},
	"KmsakEveryEndpointDown": but("kmsak_endpoint_up", &[2]float64{0, 0}),
	"KmsakClientKeyExpires":  but("kmsak_client_key_expiry_days", &[2]float64{13, 0}),
	"KmsakClockSkew":         but("kmsak_clock_skew_seconds", &[2]float64{-61, 0}),
	"KmsakAnswersFail":       but(`kmsak_agent_answers_total{status="5xx"}`, &[2]float64{0, 1}),
	"KmsakDown":              but("kmsak_build_info", nil),
}

// What an agent prints that was throttled at first and has its secret since, by series.
func scraped(t *testing.T) map[string]string {
	t.Helper()
	folder := t.TempDir()
	var kms struct{ Admin string }
	running.Kmsak(t, &kms, "emulator", "--dir", folder)
	fault := `{"kind": "error", "status": 429, "code": "Rejected.Throttling", "times": 1}`
	if answer, err := http.Post(kms.Admin+"/faults", "application/json", bytes.NewBufferString(fault)); err != nil || answer.StatusCode >= 300 {
		t.Fatal(err, answer)
	}
	address, token := running.Agent(t, folder)
	get := func(path string) (int, string) {
		answer, err := http.Get(address + "/token/" + token + path)
		if err != nil {
			t.Fatal(err)
		}
		defer answer.Body.Close()
		body, err := io.ReadAll(answer.Body)
		if err != nil {
			t.Fatal(err)
		}
		return answer.StatusCode, string(body)
	}
	for status := 0; status != http.StatusOK; status, _ = get("/secrets/acs/ram/user/app") {
	}
	_, text := get("/metrics")
	series := map[string]string{}
	for line := range strings.Lines(text) {
		if !strings.HasPrefix(line, "#") {
			at := strings.LastIndex(line, " ")
			series[line[:at]] = strings.TrimSpace(line[at:])
		}
	}
	return series
}

// Series in memory, one after the other.
type set struct {
	rest []promql.Series
	at   promql.Series
}

func (s *set) Next() bool {
	if len(s.rest) == 0 {
		return false
	}
	s.at, s.rest = s.rest[0], s.rest[1:]
	return true
}

func (s *set) At() storage.Series                { return promql.NewStorageSeries(s.at) }
func (s *set) Err() error                        { return nil }
func (s *set) Warnings() annotations.Annotations { return nil }

// How much a query finds after 15 minutes of `course`.
func over(t *testing.T, series map[string]string, course course) func(expression string) int {
	t.Helper()
	p := parser.NewParser(parser.Options{})
	stored := []promql.Series{}
	for one, text := range series {
		value, err := strconv.ParseFloat(text, 64)
		if err != nil {
			t.Fatal(err)
		}
		becomes := course(one, value)
		if becomes == nil {
			continue
		}
		metric, err := p.ParseMetric(one)
		if err != nil {
			t.Fatal(err)
		}
		// As Prometheus adds them.
		metric = labels.NewBuilder(metric).Set("instance", "a:9390").Set("job", "kmsak").Labels()
		floats := []promql.FPoint{}
		for step := range 31 {
			floats = append(floats, promql.FPoint{T: int64(step) * 30_000, F: becomes[0] + float64(step)*becomes[1]})
		}
		stored = append(stored, promql.Series{Metric: metric, Floats: floats})
	}
	querier := &storage.MockQuerier{SelectMockFunction: func(_ bool, _ *storage.SelectHints, matchers ...*labels.Matcher) storage.SeriesSet {
		found := []promql.Series{}
		for _, one := range stored {
			meant := true
			for _, matcher := range matchers {
				meant = meant && matcher.Matches(one.Metric.Get(matcher.Name))
			}
			if meant {
				found = append(found, one)
			}
		}
		return &set{rest: found}
	}}
	engine := promql.NewEngine(promql.EngineOpts{MaxSamples: 100_000, Timeout: time.Minute, LookbackDelta: 5 * time.Minute, Parser: p})
	t.Cleanup(func() { _ = engine.Close() })
	return func(expression string) int {
		queryable := &storage.MockQueryable{MockQuerier: querier}
		query, err := engine.NewInstantQuery(context.Background(), queryable, nil, expression, time.Unix(900, 0))
		if err != nil {
			t.Fatalf("%s: %v", expression, err)
		}
		defer query.Close()
		found, err := query.Exec(context.Background()).Vector()
		if err != nil {
			t.Fatalf("%s: %v", expression, err)
		}
		return len(found)
	}
}

func alerts(t *testing.T) map[string]string {
	t.Helper()
	groups, problems := rulefmt.ParseFile(files+"alerts.yaml", false, model.UTF8Validation, parser.NewParser(parser.Options{}), slog.Default())
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	found := map[string]string{}
	for _, group := range groups.Groups {
		for _, rule := range group.Rules {
			found[rule.Alert] = rule.Expr
		}
	}
	return found
}

func panels(t *testing.T) []string {
	t.Helper()
	content, err := os.ReadFile(files + "dashboard.json")
	if err != nil {
		t.Fatal(err)
	}
	var dashboard struct {
		Panels []struct{ Targets []struct{ Expr string } }
	}
	if err := json.Unmarshal(content, &dashboard); err != nil {
		t.Fatal(err)
	}
	found := []string{}
	for _, panel := range dashboard.Panels {
		for _, target := range panel.Targets {
			found = append(found, strings.ReplaceAll(target.Expr, "$instance", ".*"))
		}
	}
	return found
}

func TestAlertsAndPanels(t *testing.T) {
	series, alerts := scraped(t), alerts(t)
	well := over(t, series, healthy)
	ill := over(t, series, troubles["KmsakSecretStale"])
	for _, panel := range panels(t) {
		if well(panel) == 0 && ill(panel) == 0 {
			t.Errorf("nothing is shown by %s", panel)
		}
	}
	for name, expression := range alerts {
		if well(expression) != 0 {
			t.Errorf("%s for a healthy agent", name)
		}
		if troubles[name] == nil {
			t.Errorf("%s: for which trouble?", name)
		}
	}
	for trouble, course := range troubles {
		asked := over(t, series, course)
		for name, expression := range alerts {
			if raised := asked(expression) > 0; raised != (name == trouble) {
				t.Errorf("%s in the trouble of %s: %v", name, trouble, raised)
			}
		}
	}
}
