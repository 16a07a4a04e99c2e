// The accounts that requests to providers are sent with: how each is, until when, and what is left of its quotas. Rule: no credential is ever told here.
import type { JSX } from 'preact';
import type { AiAccountAnswer, AiQuotaAnswer } from '../../../src/control/admin-answers.ts';
import { Bar } from '../components/bar.tsx';
import { Chip, type Tone } from '../components/chip.tsx';
import { formatCount, formatDate, formatFromNow, formatPercent } from '../format.ts';

const STATES: Readonly<Record<AiAccountAnswer['state'], { readonly words: string; readonly tone: Tone }>> = {
  ok: { words: 'ok', tone: 'good' },
  expiring: { words: 'expiring', tone: 'warn' },
  cooling: { words: 'left alone', tone: 'warn' },
  dead: { words: 'signed out', tone: 'bad' },
  auth_failed: { words: 'refused', tone: 'bad' },
};

export function isUsable({ state }: AiAccountAnswer): boolean {
  return state === 'ok' || state === 'expiring';
}

export function AccountsCard({ accounts }: { readonly accounts: readonly AiAccountAnswer[] }): JSX.Element {
  return (
    <section class="card ai-accounts">
      <h2>Accounts</h2>
      <div class="scrolls" tabIndex={0} role="region" aria-label="Accounts of AI providers">
        <table class="plain-table">
          <thead>
            <tr>
              <th scope="col">Account</th>
              <th scope="col">State</th>
              <th scope="col">Runs out</th>
              <th scope="col">Left of its quotas</th>
              <th scope="col" class="right">
                Requests
              </th>
              <th scope="col" class="right">
                Now
              </th>
            </tr>
          </thead>
          <tbody>
            {accounts.map((account) => (
              <AccountRow key={`${account.provider} ${account.id}`} account={account} />
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}

function AccountRow({ account }: { readonly account: AiAccountAnswer }): JSX.Element {
  const { provider, id, kind, file, state, reason, expires_at: expiresAt, retry_at: retryAt, quota } = account;
  const { words, tone } = STATES[state];
  return (
    <tr>
      <th scope="row">
        {provider} <code>{id}</code>
        <div class="quiet">{kind === 'api_key' ? 'API key' : (file ?? 'login')}</div>
      </th>
      <td>
        <Chip tone={tone}>{words}</Chip>{' '}
        {account.readable_by_others && <Chip tone="warn">others can read its file</Chip>}
        {reason !== null && <div class="quiet">{reason}</div>}
        {retryAt !== null && <div class="quiet">asked again {formatFromNow(retryAt)}</div>}
      </td>
      <td>
        {expiresAt === null ? (
          <span class="quiet">{kind === 'api_key' ? 'never' : 'not told'}</span>
        ) : (
          <span title={formatDate(expiresAt)}>{formatFromNow(expiresAt)}</span>
        )}
      </td>
      <td>
        {quota.length === 0 ? (
          <span class="quiet">not told yet</span>
        ) : (
          quota.map((each) => <Quota key={each.window} quota={each} />)
        )}
      </td>
      <td class="right">{formatCount(account.requests)}</td>
      <td class="right">{formatCount(account.active)}</td>
    </tr>
  );
}

function Quota({ quota: { window, left, limit, remaining, resets_at: resetsAt } }: { readonly quota: AiQuotaAnswer }) {
  const words = `${formatPercent(left)} of ${window} left`;
  const counts =
    limit === null || remaining === null ? undefined : `${formatCount(remaining)} of ${formatCount(limit)}`;
  return (
    <div class="gauge" title={counts}>
      <code>{window}</code>
      <Bar share={left} tone={left > 0.25 ? 'good' : left > 0.05 ? 'warn' : 'bad'} label={words} />
      <span>{formatPercent(left)}</span>
      <span class="quiet">anew {formatFromNow(resetsAt)}</span>
    </div>
  );
}
