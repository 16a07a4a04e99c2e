// The door to AI providers: its accounts, what was used, what users may have. Rule: what was used stays to be seen when the door is switched off.
import type { JSX } from 'preact';
import type { AiAccountsAnswer, OverviewAnswer } from '../../../src/control/admin-answers.ts';
import { AccountsCard, isUsable } from '../ai/accounts-card.tsx';
import { LimitsCard } from '../ai/limits-card.tsx';
import { UsageCard } from '../ai/usage-card.tsx';
import { EmptyState } from '../components/empty-state.tsx';
import { ErrorNotice } from '../components/error-notice.tsx';
import { usePolled } from '../state/polled.ts';
import './ai.css';

const LOOK_EVERY_MS = 3000;
const OVERVIEW_EVERY_MS = 10_000;

export function Page(): JSX.Element {
  const accounts = usePolled<AiAccountsAnswer>('/api/v1/ai/accounts', LOOK_EVERY_MS);
  const overview = usePolled<OverviewAnswer>('/api/v1/overview', OVERVIEW_EVERY_MS);
  const list = accounts.data.value?.accounts ?? [];
  const isOn = isOnIn(overview.data.value);
  return (
    <>
      <header class="page-head">
        <h1>AI</h1>
        {list.length > 0 && (
          <p class="quiet">
            {list.filter(isUsable).length} of {list.length} accounts usable
          </p>
        )}
      </header>
      <ErrorNotice error={accounts.error.value ?? overview.error.value} />
      {isOn === false && (
        <EmptyState
          title="The door to AI providers is switched off"
          command="SLUICE_AI__ENABLED=true SLUICE_AI__AUTH=none sluice up"
        >
          One door to Claude and ChatGPT, with accounts, usage and limits: ai.enabled in the config, or to try it:
        </EmptyState>
      )}
      {list.length > 0 && <AccountsCard accounts={list} />}
      {isOn && accounts.data.value !== null && list.length === 0 && <OwnCredentials />}
      <UsageCard isOn={isOn === true} />
      {isOn && <LimitsCard />}
    </>
  );
}

/** null: it is not known yet. */
function isOnIn(overview: OverviewAnswer | null): boolean | null {
  return overview?.jobs.find(({ job }) => job === 'ai')?.on ?? null;
}

function OwnCredentials(): JSX.Element {
  return (
    <section class="card">
      <h2>Accounts</h2>
      <p class="quiet">
        There are none: clients bring their own credentials, which pass through. Accounts stand under
        ai.providers.claude.credentials and ai.providers.chatgpt.credentials in the config.
      </p>
    </section>
  );
}
