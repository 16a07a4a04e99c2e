// One run: how it stands, what it used, what it prints, stopping it. Rule: it asks for its run itself, so that it stays open whatever the list shows.
import type { JSX } from 'preact';
import { useEffect, useMemo } from 'preact/hooks';
import type { AgentAnswer } from '../../../src/control/admin-answers.ts';
import { Chip } from '../components/chip.tsx';
import { ErrorNotice } from '../components/error-notice.tsx';
import { Pane } from '../components/pane.tsx';
import { SureButton } from '../components/sure-button.tsx';
import { formatCost, formatCount, formatDate, formatMs } from '../format.ts';
import { sendJson } from '../state/api.ts';
import { useDeed } from '../state/deed.ts';
import { usePolled } from '../state/polled.ts';
import { OutputLines } from './output.tsx';
import { isOpen, toneOf } from './run-words.ts';
import { RunOutput } from './run-output.ts';

const LOOK_EVERY_MS = 2000;

export interface RunPaneProps {
  readonly id: string;
  readonly onClose: () => void;
  readonly onChanged: () => void;
}

export function RunPane({ id, onClose, onChanged }: RunPaneProps): JSX.Element {
  const path = `/api/v1/agents/${encodeURIComponent(id)}`;
  const asked = usePolled<AgentAnswer>(path, LOOK_EVERY_MS);
  const output = useMemo(() => new RunOutput(id), [id]);
  useEffect(() => () => output.leave(), [output]);
  const ended = output.ended.value;
  useEffect(() => {
    if (ended !== null) onChanged();
  }, [ended]);
  const deed = useDeed(onChanged);
  // Its end does not say again where it was.
  const run =
    ended === null || asked.data.value === null ? (ended ?? asked.data.value) : { ...asked.data.value, ...ended };
  const stop = (): void => void deed.run(() => sendJson('POST', `${path}/stop`));
  return (
    <Pane title={run === null ? id : `${run.kind} ${id}`} onClose={onClose}>
      <ErrorNotice error={deed.error.value ?? asked.error.value} />
      {run !== null && (
        <>
          <div class="actions">
            <Chip tone={toneOf(run.status)}>{run.status}</Chip>
            <span class="spacer" />
            {isOpen(run.status) && <SureButton word="Stop" what={id} disabled={deed.isRunning.value} onSure={stop} />}
          </div>
          {run.reason !== null && <p class={`notice ${toneOf(run.status)}`}>{run.reason}</p>}
          <Facts run={run} />
        </>
      )}
      <OutputLines id={id} output={output} />
    </Pane>
  );
}

function Facts({ run }: { readonly run: AgentAnswer }): JSX.Element {
  const { usage } = run;
  const facts: readonly (readonly [string, string | null])[] = [
    ['User', run.user],
    ['Model', run.model],
    ['Folder', run.cwd],
    ['Node', run.node ?? null],
    ['Started', run.started_at === null ? null : formatDate(run.started_at)],
    ['Took', run.duration_ms === null ? null : formatMs(run.duration_ms)],
    ['Cost', run.cost_usd === null ? null : `${formatCost(run.cost_usd)} $, as the agent says`],
    ['Tokens in', usage === null ? null : formatCount(usage.input_tokens)],
    ['Tokens out', usage === null ? null : formatCount(usage.output_tokens)],
    [
      'From a cache',
      usage === null
        ? null
        : `${formatCount(usage.cache_read_tokens)} read, ${formatCount(usage.cache_write_tokens)} written`,
    ],
    ['Session', run.session_id],
    ['Batch', run.batch],
    ['Process', run.pid === null ? null : String(run.pid)],
    ['Exit', run.signal ?? (run.exit_code === null ? null : String(run.exit_code))],
  ];
  return (
    <dl class="facts">
      {facts.map(([title, value]) =>
        value === null || value === '' ? null : <Fact key={title} title={title} value={value} />,
      )}
    </dl>
  );
}

function Fact({ title, value }: { readonly title: string; readonly value: string }): JSX.Element {
  return (
    <>
      <dt>{title}</dt>
      <dd>{value}</dd>
    </>
  );
}
