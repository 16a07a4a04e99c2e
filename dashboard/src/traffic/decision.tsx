// Why a request went as it did: who answered it, who was asked before, and on demand what the configuration says to such a request now. Rule: what has
// happened and what would happen now are never mixed.
import type { JSX } from 'preact';
import { useSignal } from '@preact/signals';
import type { ExplainAnswer, RequestAnswer } from '../../../src/control/admin-answers.ts';
import { ErrorNotice } from '../components/error-notice.tsx';
import { askJson } from '../state/api.ts';

export function Decision({ request }: { readonly request: RequestAnswer }): JSX.Element {
  const explained = useSignal<ExplainAnswer | null>(null);
  const error = useSignal<Error | null>(null);
  const explain = async (): Promise<void> => {
    error.value = null;
    try {
      explained.value = await askJson<ExplainAnswer>(`/api/v1/explain?${questionOf(request).toString()}`);
    } catch (thrown) {
      error.value = thrown instanceof Error ? thrown : new Error(String(thrown));
    }
  };
  return (
    <section>
      <h3>Why</h3>
      <ol class="steps">
        {reasonsOf(request).map((reason) => (
          <li key={reason}>{reason}</li>
        ))}
      </ol>
      {request.error !== null && (
        <p class="quiet">
          <code>sluice help {request.error}</code> explains the error.
        </p>
      )}
      {explained.value === null ? (
        <button type="button" onClick={() => void explain()}>
          What would happen now?
        </button>
      ) : (
        <Explained explanation={explained.value} />
      )}
      <ErrorNotice error={error.value} />
    </section>
  );
}

function Explained({ explanation }: { readonly explanation: ExplainAnswer }): JSX.Element {
  const { policies, choice, hops, result } = explanation;
  return (
    <>
      <h4>Such a request now</h4>
      <ol class="steps">
        {policies.map(({ name, does }) => (
          <li key={name}>
            <code>{name}</code> {does}
          </li>
        ))}
        {choice !== null && (
          <li>
            {choice.kind} <code>{choice.name}</code>: {choice.why}
          </li>
        )}
        {hops.map(({ name, picked, why }) => (
          <li key={`hop ${name}`}>
            hop <code>{name}</code>: {picked ?? 'nobody'}, {why}
          </li>
        ))}
        <li>{result.text}</li>
      </ol>
    </>
  );
}

function reasonsOf(request: RequestAnswer): string[] {
  const { door, route, answered_by: answeredBy, upstream, exit, session, attempts, failed, error, user } = request;
  const reasons = [`It came in by the ${door} door${user === null ? '' : ` as ${user}`}.`];
  if (route !== null) reasons.push(`Route ${route} took it.`);
  if (session !== null) reasons.push(`It belongs to session ${session}.`);
  for (const each of failed) reasons.push(`${each} was asked and failed.`);
  if (exit !== null) reasons.push(`It went out by ${exit}.`);
  if (answeredBy !== null) reasons.push(`The policy ${answeredBy} answered in place of a server.`);
  else if (upstream !== null) reasons.push(error === null ? `${upstream} answered.` : `${upstream} was asked last.`);
  if (attempts > 1) reasons.push(`That took ${attempts} attempts.`);
  if (error !== null) reasons.push(`It failed: ${error}.`);
  return reasons;
}

function questionOf({ method, host, target, door, client, user }: RequestAnswer): URLSearchParams {
  const isWhole = method === 'CONNECT' || /^https?:\/\//i.test(target);
  const question = new URLSearchParams({ method, url: isWhole ? target : `http://${host}${target}`, door });
  const from = addressIn(client);
  if (from !== '') question.set('from', from);
  if (user !== null) question.set('user', user);
  return question;
}

/** Without the port, if there is one. */
function addressIn(client: string): string {
  return client.replace(/^\[(.*)\](?::\d+)?$/, '$1').replace(/^([\d.]+):\d+$/, '$1');
}
