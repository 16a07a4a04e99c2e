// Members that are chosen among: how each does, and what a person may decide about it. Rule: what is decided holds at once, cuts nothing, and the row
// shows it when Sluice has said so.
import type { ComponentChildren, JSX } from 'preact';
import { useSignal } from '@preact/signals';
import { Bar } from '../components/bar.tsx';
import { Chip } from '../components/chip.tsx';
import { ErrorNotice } from '../components/error-notice.tsx';
import { formatCount, formatFromNow, formatMs, formatPercent } from '../format.ts';
import { sendJson } from '../state/api.ts';
import { useDeed } from '../state/deed.ts';
import { breakerWords, isUsable, type Member, standingOf } from './member.ts';
import './members.css';

export interface MemberGroupProps {
  readonly title: string;
  /** Under which they are asked and changed: `/api/v1/proxies`. */
  readonly path: string;
  readonly members: readonly Member[];
  /** What stands under the name of a member. */
  readonly about: (id: string) => ComponentChildren;
  readonly onChanged: () => void;
  readonly remark?: ComponentChildren;
}

export function MemberGroup({ title, path, members, about, onChanged, remark }: MemberGroupProps): JSX.Element {
  const usable = members.filter(isUsable).length;
  const tone = usable === members.length ? 'good' : usable === 0 ? 'bad' : 'warn';
  return (
    <section class="card members">
      <header>
        <h2>{title}</h2>
        {remark}
        <Bar
          share={members.length === 0 ? 0 : usable / members.length}
          tone={tone}
          label={`${usable} of ${members.length} usable`}
        />
        <span class="quiet">
          {usable} of {members.length} usable
        </span>
      </header>
      <div class="scrolls" tabIndex={0} role="region" aria-label={`${title}: members`}>
        <table class="plain-table">
          <thead>
            <tr>
              <th scope="col">Member</th>
              <th scope="col">Standing</th>
              <th scope="col">Breaker</th>
              <th scope="col">Went well</th>
              <th scope="col" class="right">
                Latency
              </th>
              <th scope="col" class="right">
                Requests
              </th>
              <th scope="col">Last error</th>
              <th scope="col">Decide</th>
            </tr>
          </thead>
          <tbody>
            {members.map((member) => (
              <MemberRow key={member.id} {...{ member, path, onChanged }} about={about(member.id)} />
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}

interface MemberRowProps {
  readonly member: Member;
  readonly path: string;
  readonly about: ComponentChildren;
  readonly onChanged: () => void;
}

function MemberRow({ member, path, about, onChanged }: MemberRowProps): JSX.Element {
  const { id, breaker, stats, active, last_error: error, last_error_at: errorAt } = member;
  const standing = standingOf(member);
  const state = breakerWords(breaker);
  return (
    <tr>
      <th scope="row">
        <code>{id}</code>
        <div class="quiet">{about}</div>
      </th>
      <td>
        <Chip tone={standing.tone}>{standing.words}</Chip>
      </td>
      <td>
        <Chip tone={state.tone}>{state.words}</Chip>
      </td>
      <td>
        <SuccessBar rate={stats.success_rate} />
      </td>
      <td class="right">{formatMs(stats.avg_latency_ms)}</td>
      <td class="right" title={`${active} under way`}>
        {formatCount(stats.total_requests)}
      </td>
      <td>
        {error === null ? <span class="quiet">none</span> : <code>{error}</code>}
        {errorAt !== null && <div class="quiet">{formatFromNow(errorAt)}</div>}
      </td>
      <td>
        <Decide {...{ member, path, onChanged }} />
      </td>
    </tr>
  );
}

function SuccessBar({ rate }: { readonly rate: number | null }): JSX.Element {
  if (rate === null) return <span class="quiet">not used yet</span>;
  const words = formatPercent(rate);
  return (
    <>
      <Bar share={rate} tone={rate > 0.99 ? 'good' : rate > 0.9 ? 'warn' : 'bad'} label={`${words} went well`} />
      <span class="quiet">{words}</span>
    </>
  );
}

interface TestAnswer {
  readonly passed: boolean | null;
  readonly latency_ms: number | null;
  readonly error: string | null;
}

function Decide({ member, path, onChanged }: Omit<MemberRowProps, 'about'>): JSX.Element {
  const { id, enabled, draining } = member;
  const deed = useDeed(onChanged);
  const tested = useSignal<TestAnswer | null>(null);
  const at = `${path}/${encodeURIComponent(id)}`;
  const change = (wish: object) => () => void deed.run(() => sendJson('PATCH', at, wish));
  const test = (): void =>
    void deed.run(async () => {
      tested.value = await sendJson<TestAnswer>('POST', `${at}/test`);
    });
  const disabled = deed.isRunning.value;
  return (
    <div class="decide">
      <div class="actions">
        <button
          type="button"
          {...{ disabled }}
          aria-label={`${enabled ? 'Disable' : 'Enable'} ${id}`}
          onClick={change({ enabled: !enabled })}
        >
          {enabled ? 'Disable' : 'Enable'}
        </button>
        {enabled && (
          <button
            type="button"
            {...{ disabled }}
            aria-label={`${draining ? 'Use again' : 'Drain'} ${id}`}
            onClick={change({ draining: !draining })}
          >
            {draining ? 'Use again' : 'Drain'}
          </button>
        )}
        <button type="button" {...{ disabled }} aria-label={`Test ${id}`} onClick={test}>
          Test
        </button>
      </div>
      <span role="status">{tested.value !== null && <TestChip answer={tested.value} />}</span>
      <ErrorNotice error={deed.error.value} />
    </div>
  );
}

function TestChip({ answer: { passed, latency_ms: latency, error } }: { readonly answer: TestAnswer }): JSX.Element {
  if (passed === null) return <Chip tone="warn">could not be tried</Chip>;
  return passed ? <Chip tone="good">passed in {formatMs(latency)}</Chip> : <Chip tone="bad">{error ?? 'failed'}</Chip>;
}
