// All that is known of one request. Rule: what the list knows is there at once; the rest is asked for and takes its place when it comes.
import type { JSX } from 'preact';
import type { RequestAnswer, StatusAnswer } from '../../../src/control/admin-answers.ts';
import type { CapturedDetailAnswer, RequestDetailAnswer } from '../../../src/control/captured-answer.ts';
import { Chip, statusTone } from '../components/chip.tsx';
import { CopyButton } from '../components/code.tsx';
import { ErrorNotice } from '../components/error-notice.tsx';
import { Pane } from '../components/pane.tsx';
import { formatBytes, formatDate } from '../format.ts';
import { ApiError } from '../state/api.ts';
import { usePolled } from '../state/polled.ts';
import { curlCommand } from './curl-command.ts';
import { Decision } from './decision.tsx';
import type { Filter } from './filters.ts';
import { Message } from './message.tsx';
import { Replay } from './replay.tsx';
import { pathOf, readBody } from './request-detail.ts';
import { Timing } from './timing.tsx';

export interface RequestPaneProps {
  readonly request: RequestAnswer;
  readonly onClose: () => void;
  readonly onShow: (request: RequestAnswer) => void;
  readonly onFilter: (filter: Filter, value: string) => void;
}

export function RequestPane({ request, onClose, onShow, onFilter }: RequestPaneProps): JSX.Element {
  const detail = usePolled<RequestDetailAnswer>(pathOf(request));
  const status = usePolled<StatusAnswer>('/api/v1/status');
  const captured = detail.data.value?.captured ?? null;
  const door = status.data.value?.doors.find(({ name }) => name === request.door)?.address ?? null;
  const { method, host, target } = request;
  const isGone = detail.error.value instanceof ApiError && detail.error.value.status === 404;
  const curl = async (): Promise<string> => {
    const { headers = [], body = null } = captured?.request ?? {};
    // Half a body would be another request.
    const text = body === null || body.truncated ? null : (await readBody(request, 'request')).text;
    return curlCommand({ request, door, headers, body: text });
  };
  return (
    <Pane title={`${method} ${host}${target}`} onClose={onClose}>
      <Replay request={request} notKept={captured?.not_kept ?? []} isPossible={!isGone} onShow={onShow}>
        <Chip tone={statusTone(request.status)}>{request.status}</Chip>
        {request.error !== null && <Chip tone="bad">{request.error}</Chip>}
        <span class="spacer" />
        <span class="boxed">
          <CopyButton text={curl} label="Copy as curl" />
        </span>
      </Replay>
      <Facts request={request} onFilter={onFilter} />
      <Timing request={request} />
      <Decision request={request} />
      {isGone ? (
        <p class="notice">Sluice itself has forgotten this request: newer ones have taken its place.</p>
      ) : (
        <ErrorNotice error={detail.error.value} />
      )}
      {detail.data.value !== null && <Messages request={request} captured={captured} />}
    </Pane>
  );
}

function Messages({
  request,
  captured,
}: {
  readonly request: RequestAnswer;
  readonly captured: CapturedDetailAnswer | null;
}): JSX.Element {
  if (captured === null) {
    return (
      <section>
        <h3>Request and answer</h3>
        <p class="quiet">
          Header fields and bodies are kept once <code>admin.capture.bodies</code> is <code>true</code>.
        </p>
      </section>
    );
  }
  return (
    <>
      <Message request={request} side="request" message={captured.request} />
      <Message request={request} side="response" message={captured.response} />
    </>
  );
}

/** A value that others may share: a press shows only these. */
const SHARED: readonly (readonly [Filter, string])[] = [
  ['host', 'Host'],
  ['user', 'User'],
  ['route', 'Route'],
  ['upstream', 'Upstream'],
];

function Facts({ request, onFilter }: Pick<RequestPaneProps, 'request' | 'onFilter'>): JSX.Element {
  const shared = SHARED.flatMap(([filter, title]) => {
    const value = request[filter as 'host' | 'user' | 'route' | 'upstream'];
    return value === null || value === '' ? [] : [{ filter, title, value }];
  });
  const others: readonly (readonly [string, string | null])[] = [
    ['At', formatDate(request.at)],
    ['Client', request.client],
    ['Door', request.door],
    ['Protocol', request.protocol],
    ['Exit', request.exit],
    ['Session', request.session],
    ['Received', formatBytes(request.bytes_received)],
    ['Sent', formatBytes(request.bytes_sent)],
    ['Replay of', request.replay_of],
    ['Request id', request.request_id],
    ['Trace id', request.trace_id],
  ];
  return (
    <dl class="facts">
      {shared.map(({ filter, title, value }) => (
        <Fact key={title} title={title}>
          <button type="button" class="as-filter" title="Show only these" onClick={() => onFilter(filter, value)}>
            {value}
          </button>
        </Fact>
      ))}
      {others.map(([title, value]) =>
        value === null || value === '' ? null : (
          <Fact key={title} title={title}>
            {value}
          </Fact>
        ),
      )}
    </dl>
  );
}

function Fact({ title, children }: { readonly title: string; readonly children: JSX.Element | string }): JSX.Element {
  return (
    <>
      <dt>{title}</dt>
      <dd>{children}</dd>
    </>
  );
}
