// The header fields and the body of a request or its answer. Rule: they are what strangers have sent, and are shown as text and nothing else.
import type { JSX } from 'preact';
import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import type { RequestAnswer } from '../../../src/control/admin-answers.ts';
import type { CapturedMessageAnswer } from '../../../src/control/captured-answer.ts';
import { Code } from '../components/code.tsx';
import { ErrorNotice } from '../components/error-notice.tsx';
import { formatBytes } from '../format.ts';
import { readBody, type ShownBody, type Side } from './request-detail.ts';

/** More of a body than this is nothing to read on a page. */
const MOST_SHOWN = 64 * 1024;

export interface MessageProps {
  readonly request: RequestAnswer;
  readonly side: Side;
  readonly message: CapturedMessageAnswer;
}

export function Message({ request, side, message }: MessageProps): JSX.Element {
  const { headers, body } = message;
  return (
    <section>
      <h3>{side === 'request' ? 'Request' : 'Answer'}</h3>
      <dl class="facts fields">
        {headers.map(([name, value], index) => (
          <FieldRow key={`${index} ${name}`} name={name} value={value} />
        ))}
      </dl>
      {body !== null && body.bytes > 0 && (
        <>
          <p class="quiet">
            {formatBytes(body.bytes)}
            {body.truncated && `, of which ${formatBytes(body.kept)} are kept`}
          </p>
          <Body request={request} side={side} />
        </>
      )}
    </section>
  );
}

function FieldRow({ name, value }: { readonly name: string; readonly value: string }): JSX.Element {
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

function Body({ request, side }: { readonly request: RequestAnswer; readonly side: Side }): JSX.Element | null {
  const body = useSignal<ShownBody | null>(null);
  const error = useSignal<Error | null>(null);
  useEffect(() => {
    const left = new AbortController();
    readBody(request, side, left.signal).then(
      (read) => (body.value = read),
      (thrown: unknown) => {
        if (!left.signal.aborted) error.value = thrown instanceof Error ? thrown : new Error(String(thrown));
      },
    );
    return () => left.abort();
  }, [request.request_id, side]);
  if (error.value !== null) return <ErrorNotice error={error.value} />;
  if (body.value === null) return <p class="quiet">Reading…</p>;
  const { text } = body.value;
  return text === null ? <p class="quiet">It is no text.</p> : <Code text={readable(text).slice(0, MOST_SHOWN)} />;
}

/** JSON on one line is hard to read. */
function readable(text: string): string {
  if (!/^\s*[[{]/.test(text)) return text;
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}
