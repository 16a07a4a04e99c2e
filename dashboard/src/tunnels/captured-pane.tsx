// One request of a visitor with its answer, and asking the local server the same again. Rule: it is what strangers have sent, and is shown as text.
import type { JSX } from 'preact';
import type { CapturedDetail, CapturedMessage } from '../../../src/control/admin-answers.ts';
import { Chip } from '../components/chip.tsx';
import { Code } from '../components/code.tsx';
import { ErrorNotice } from '../components/error-notice.tsx';
import { Pane } from '../components/pane.tsx';
import { formatBytes, formatDate, formatMs } from '../format.ts';
import { sendJson } from '../state/api.ts';
import { useDeed } from '../state/deed.ts';
import { usePolled } from '../state/polled.ts';
import { CapturedStatus } from './captured-status.tsx';

/** More of a body than this is nothing to read on a page. */
const MOST_SHOWN = 64 * 1024;

export interface CapturedPaneProps {
  readonly id: number;
  readonly onClose: () => void;
  /** With the number of the new one. */
  readonly onReplayed: (id: number) => void;
}

export function CapturedPane({ id, onClose, onReplayed }: CapturedPaneProps): JSX.Element {
  const path = `/api/v1/tunnels/requests/${id}`;
  const { data, error } = usePolled<CapturedDetail>(path);
  const deed = useDeed();
  const replay = (): void =>
    void deed.run(async () => {
      const repeated = await sendJson<CapturedDetail>('POST', `${path}/replay`);
      onReplayed(repeated.id);
    });
  const detail = data.value;
  return (
    <Pane title={detail === null ? `Request ${id}` : `${detail.method} ${detail.path}`} onClose={onClose}>
      <div class="actions">
        {detail !== null && <CapturedStatus status={detail.status} />}
        {detail !== null && detail.replay_of !== null && <Chip tone="info">replay of {detail.replay_of}</Chip>}
        <span class="spacer" />
        <button type="button" disabled={deed.isRunning.value || detail?.kind === 'websocket'} onClick={replay}>
          {deed.isRunning.value ? 'Asking…' : 'Replay'}
        </button>
      </div>
      <ErrorNotice error={deed.error.value ?? error.value} />
      {detail !== null && (
        <>
          <dl class="facts">
            <dt>At</dt>
            <dd>{formatDate(detail.time)}</dd>
            <dt>Tunnel</dt>
            <dd>{detail.tunnel}</dd>
            <dt>Time taken</dt>
            <dd>{detail.duration_ms === null ? 'it still runs' : formatMs(detail.duration_ms)}</dd>
          </dl>
          <Message title="Request" message={detail.request} bytes={detail.request_bytes} />
          <Message title="Answer" message={detail.answer} bytes={detail.answer_bytes} />
        </>
      )}
    </Pane>
  );
}

interface MessageProps {
  readonly title: string;
  readonly message: CapturedMessage;
  readonly bytes: number;
}

function Message({ title, message: { headers, text, cut }, bytes }: MessageProps): JSX.Element {
  return (
    <section>
      <h3>{title}</h3>
      <dl class="facts">
        {headers.map(([name, value], index) => (
          <Field key={`${index} ${name}`} name={name} value={value} />
        ))}
      </dl>
      {bytes > 0 && (
        <p class="quiet">
          {formatBytes(bytes)}
          {cut && ', of which the beginning is kept'}
          {text === null && ', no text'}
        </p>
      )}
      {text !== null && text !== '' && <Code text={text.slice(0, MOST_SHOWN)} />}
    </section>
  );
}

function Field({ name, value }: { readonly name: string; readonly value: string }): JSX.Element {
  return (
    <>
      <dt>
        <code>{name}</code>
      </dt>
      <dd>
        <code>{value}</code>
      </dd>
    </>
  );
}
