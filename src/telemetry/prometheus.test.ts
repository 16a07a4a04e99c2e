import { describe, test } from 'node:test';
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { connectionFamilies, httpFamilies, programFamilies, upstreamFamilies } from './families.ts';
import { MetricsRecorder } from './metrics-recorder.ts';
import { MetricsView } from './metrics-view.ts';
import { processMetrics, threadMetrics } from './process-metrics.ts';
import { renderPrometheus } from './prometheus.ts';

function render(record: (recorder: MetricsRecorder) => void): string {
  const recorder = new MetricsRecorder();
  record(recorder);
  const view = new MetricsView();
  view.attach(recorder.slab, recorder.definitions);
  return renderPrometheus(view);
}

const SAMPLE =
  /^([a-z_][a-z0-9_]*)(\{(?:[a-z_]+="(?:[^"\\\n]|\\[\\"n])*",?)*\})? (?:[-+]?(?:\d+(?:\.\d+)?(?:e[-+]?\d+)?|Inf)|NaN)$/;

/** The rules of the text format, and those of promtool's linter that a rename could break. */
function checkFormat(text: string): void {
  const families = new Set<string>();
  const series = new Set<string>();
  let family = '';
  let type = '';
  assert.ok(text === '' || text.endsWith('\n'));
  for (const line of text.split('\n').slice(0, -1)) {
    if (line.startsWith('# HELP ')) {
      family = line.split(' ')[2] ?? '';
      assert.match(line, /^# HELP \S+ \S/);
      assert.ok(!families.has(family), `${family} comes twice`);
      families.add(family);
    } else if (line.startsWith('# TYPE ')) {
      type = line.split(' ')[3] ?? '';
      assert.equal(line, `# TYPE ${family} ${type}`);
      assert.equal(family.endsWith('_total'), type === 'counter', family);
      assert.doesNotMatch(family, /_(?:ms|milliseconds|kib|count|sum|bucket)$/);
    } else {
      const name = SAMPLE.exec(line)?.[1];
      assert.ok(name !== undefined, line);
      const own = type === 'histogram' ? name.replace(/_(?:bucket|sum|count)$/, '') : name;
      assert.equal(own, family);
      const key = line.slice(0, line.lastIndexOf(' '));
      assert.ok(!series.has(key), `${key} comes twice`);
      series.add(key);
    }
  }
}

/** All of Latin-1 with its control characters, and what lies beyond: line separators, direction marks, halves of pairs. */
const anyChar = fc.oneof(
  fc.integer({ min: 0, max: 255 }).map((code) => String.fromCharCode(code)),
  fc.constantFrom('"', '\\', '\n', '\u2028', '\u202e', '\u2066', '\ud800', '€', '😀'),
);

describe('the Prometheus text', () => {
  test('is empty when nothing is defined', () => {
    assert.equal(renderPrometheus(new MetricsView()), '');
  });

  test('has HELP and TYPE once and the series of a family together', () => {
    const text = render((recorder) => {
      recorder.slots[recorder.counter('a_total', 'What\nis \\ it.', { door: 'x' })] = 3;
      recorder.slots[recorder.gauge('b', 'B.')] = 0.25;
      recorder.slots[recorder.counter('a_total', 'What\nis \\ it.', { door: '"y"' })] = 1e21;
    });
    assert.equal(
      text,
      String.raw`# HELP a_total What\nis \\ it.
# TYPE a_total counter
a_total{door="x"} 3
a_total{door="\"y\""} 1e+21
# HELP b B.
# TYPE b gauge
b 0.25
`,
    );
  });

  test('shows a histogram cumulated, with +Inf, sum and count', () => {
    const text = render((recorder) => {
      const slot = recorder.histogram('took_seconds', 'Took.', [0.5, 1], { route: 'r' });
      for (const value of [0.25, 0.75, 0.75, 2]) recorder.observe(slot, value);
    });
    assert.equal(
      text,
      `# HELP took_seconds Took.
# TYPE took_seconds histogram
took_seconds_bucket{le="0.5",route="r"} 1
took_seconds_bucket{le="1",route="r"} 3
took_seconds_bucket{le="+Inf",route="r"} 4
took_seconds_sum{route="r"} 3.75
took_seconds_count{route="r"} 4
`,
    );
  });

  test('shows numbers that are none as Prometheus writes them', () => {
    const text = render((recorder) => {
      [Infinity, -Infinity, Number.NaN].forEach((value, index) => {
        recorder.slots[recorder.gauge(`g${index}`, 'G.')] = value;
      });
    });
    assert.match(text, /^g0 \+Inf$/m);
    assert.match(text, /^g1 -Inf$/m);
    assert.match(text, /^g2 NaN$/m);
  });

  test('keeps to the format for everything that the program records', () => {
    const text = render((recorder) => {
      const http = httpFamilies(recorder, { door: 'gateway', route: 'a "quoted" \\ route' });
      recorder.slots[http.errors('upstream_timeout')]! += 1;
      recorder.observe(http.duration, 0.0123456);
      connectionFamilies(recorder, { door: 'gateway' });
      const upstream = upstreamFamilies(recorder, { upstream: 'http://127.0.0.1:3000' });
      recorder.slots[upstream.errors('upstream_reset')]! += 1;
      recorder.slots[upstream.retries('upstream_reset')]! += 1;
      programFamilies(recorder);
      threadMetrics(recorder)();
      processMetrics(recorder, '1.2.3')();
    });
    checkFormat(text);
    assert.ok(text.length > 5000);
  });

  test('keeps to the format whatever stands in labels and help', () => {
    const text = fc.string({ unit: anyChar, maxLength: 12 });
    fc.assert(
      fc.property(fc.array(text, { maxLength: 4 }), text, (values, help) => {
        checkFormat(
          render((recorder) => {
            for (const value of values) recorder.counter('a_total', `Help: ${help}`, { route: value });
          }),
        );
      }),
    );
  });
});
