// Where the time of a request went, phase by phase. Rule: a phase that did not happen has no bar; what no phase accounts for is told as such.
import type { JSX } from 'preact';
import type { RequestAnswer } from '../../../src/control/admin-answers.ts';
import { formatMs } from '../format.ts';

const PHASES = [
  ['queue', 'Policies and waiting'],
  ['dns', 'Name lookup'],
  ['connect', 'Connect'],
  ['tls', 'TLS'],
  ['hops', 'Through proxies'],
  ['wait', 'Wait for an answer'],
  ['body', 'Answer'],
] as const;

export function Timing({ request }: { readonly request: RequestAnswer }): JSX.Element {
  const { phases, duration_ms: duration } = request;
  let from = 0;
  const bars = PHASES.map(([key, title]) => {
    const start = from;
    from += phases[key];
    return { key, title, start, ms: phases[key] };
  }).filter(({ ms }) => ms > 0);
  const whole = Math.max(duration, from, 0.001);
  return (
    <section>
      <h3>
        Timing <span class="quiet">{formatMs(duration)} in all</span>
      </h3>
      <dl class="timing">
        {bars.map(({ key, title, start, ms }) => (
          <div key={key}>
            <dt>{title}</dt>
            <dd>
              <span class="timing-track" aria-hidden="true">
                <span
                  class={`phase-${key}`}
                  style={{ marginLeft: `${(start / whole) * 100}%`, width: `max(2px, ${(ms / whole) * 100}%)` }}
                />
              </span>
              <span class="timing-value">{formatMs(ms)}</span>
            </dd>
          </div>
        ))}
      </dl>
    </section>
  );
}
