// Who may open tunnels here, and how much of it they use. Rule: the first ones only; all of them, and changing them, is for the command line and the API.
import type { JSX } from 'preact';
import type { TunnelAccountAnswer, TunnelAccountsAnswer } from '../../../src/control/admin-answers.ts';
import { Chip } from '../components/chip.tsx';
import { Code } from '../components/code.tsx';
import { ErrorNotice } from '../components/error-notice.tsx';
import { formatBytes, formatCount, formatFromNow } from '../format.ts';
import { usePolled } from '../state/polled.ts';

const MOST_LISTED = 20;
const LOOK_EVERY_MS = 5000;

export function AccountsCard(): JSX.Element {
  const path = `/api/v1/tunnels/accounts?limit=${MOST_LISTED}`;
  const { data, error } = usePolled<TunnelAccountsAnswer>(path, LOOK_EVERY_MS);
  const accounts = data.value?.accounts ?? [];
  return (
    <section class="card tunnels">
      <h2>Accounts</h2>
      <ErrorNotice error={error.value} />
      {data.value !== null && accounts.length === 0 && (
        <>
          <p class="quiet">Nobody may open a tunnel yet. To make an account and see its token once:</p>
          <Code text="sluice tunnels accounts add ann@example.com" />
        </>
      )}
      {accounts.length > 0 && <AccountTable accounts={accounts} />}
      {data.value?.next !== null && data.value !== null && (
        <p class="quiet">The first {MOST_LISTED}; all of them: sluice tunnels accounts</p>
      )}
    </section>
  );
}

function AccountTable({ accounts }: { readonly accounts: readonly TunnelAccountAnswer[] }): JSX.Element {
  return (
    <div class="scrolls" tabIndex={0} role="region" aria-label="Accounts of tunnels">
      <table class="plain-table">
        <thead>
          <tr>
            <th scope="col">Account</th>
            <th scope="col">Token</th>
            <th scope="col" class="right">
              Tunnels
            </th>
            <th scope="col" class="right">
              Clients
            </th>
            <th scope="col" class="right">
              Requests today
            </th>
            <th scope="col" class="right">
              Bytes today
            </th>
            <th scope="col">Connected last</th>
          </tr>
        </thead>
        <tbody>
          {accounts.map((account) => (
            <AccountRow key={account.id} account={account} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

function AccountRow({ account }: { readonly account: TunnelAccountAnswer }): JSX.Element {
  const { id, email, has_token: hasToken, expires_at: expiresAt, last_used_at: lastUsedAt, limits } = account;
  return (
    <tr>
      <th scope="row">
        {email === '' ? id : email}
        {email !== '' && <div class="quiet">{id}</div>}
      </th>
      <td>
        <Chip tone={hasToken ? 'good' : 'bad'}>{hasToken ? 'valid' : 'revoked'}</Chip>
        {expiresAt !== null && <div class="quiet">ends {formatFromNow(expiresAt)}</div>}
      </td>
      <td class="right" title={account.tunnels.join(', ')}>
        {account.tunnels.length} of {formatCount(limits.tunnels)}
      </td>
      <td class="right">
        {account.clients} of {formatCount(limits.clients)}
      </td>
      <td class="right">{formatCount(account.requests_today)}</td>
      <td class="right">
        {formatBytes(account.bytes_today)}
        {limits.bytes_per_day !== null && ` of ${formatBytes(limits.bytes_per_day)}`}
      </td>
      <td>{lastUsedAt === null ? <span class="quiet">never</span> : formatFromNow(lastUsedAt)}</td>
    </tr>
  );
}
