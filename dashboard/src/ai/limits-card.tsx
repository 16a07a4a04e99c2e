// What users may have of AI providers, and how much of it they have used. Rule: what is left is told in numbers beside its bar.
import type { JSX } from 'preact';
import type { AiLimitAnswer, AiLimitsAnswer } from '../../../src/control/admin-answers.ts';
import { Bar } from '../components/bar.tsx';
import { Code } from '../components/code.tsx';
import { ErrorNotice } from '../components/error-notice.tsx';
import { formatCost, formatCount, formatFromNow } from '../format.ts';
import { usePolled } from '../state/polled.ts';

const LOOK_EVERY_MS = 3000;

export function LimitsCard(): JSX.Element {
  const { data, error } = usePolled<AiLimitsAnswer>('/api/v1/ai/limits', LOOK_EVERY_MS);
  const users = data.value?.users ?? [];
  return (
    <section class="card ai-limits">
      <h2>Limits of users</h2>
      <ErrorNotice error={error.value} />
      {data.value !== null && users.length === 0 && (
        <>
          <p class="quiet">Nobody is limited. What can be:</p>
          <Code text="sluice config explain ai.limits" />
        </>
      )}
      {users.map(({ user, providers, models, limits }) => (
        <div key={user} class="ai-user">
          <h3>{user === '' ? 'without a token' : user}</h3>
          <p class="quiet">
            {providers === null ? 'all providers' : providers.join(', ')},{' '}
            {models === null ? 'all models' : models.join(', ')}
          </p>
          {limits.map((limit) => (
            <Gauge key={limit.limit} limit={limit} />
          ))}
        </div>
      ))}
    </section>
  );
}

function Gauge({ limit: { limit, most, used, resets_at: resetsAt } }: { readonly limit: AiLimitAnswer }): JSX.Element {
  const format = limit.includes('cost') ? formatCost : formatCount;
  const share = most === 0 ? 1 : used / most;
  const words = `${format(used)} of ${format(most)}`;
  return (
    <div class="gauge">
      <code>{limit}</code>
      <Bar share={share} tone={share < 0.75 ? 'info' : share < 1 ? 'warn' : 'bad'} label={`${limit}: ${words} used`} />
      <span>{words}</span>
      <span class="quiet">{resetsAt === null ? '' : `anew ${formatFromNow(resetsAt)}`}</span>
    </div>
  );
}
