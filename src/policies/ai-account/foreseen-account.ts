// Which account a request would be sent with, and why, in a few words. Rule: what depends on turns or chance is not foretold.
import type { Exchange } from '../../contract/exchange.ts';
import type { AccountGroup, AccountMember } from '../../services/accounts/account-group.ts';

export type ForeseeableAccounts = Pick<AccountGroup, 'members' | 'isAlone' | 'foresee' | 'leftOf' | 'strategy'>;

/** Whose choice is the same for whoever asks. */
const FORETOLD: ReadonlySet<string> = new Set(['quota', 'consistent_hash', 'sticky_hash']);

export function foreseenAccount(accounts: ForeseeableAccounts, exchange: Exchange): string {
  const { members, isAlone } = accounts;
  if (isAlone) return ofTheOnly(members[0]);
  const found = accounts.foresee(exchange);
  if (found === null) return 'sends no account';
  const { member, reason } = found;
  const out = members.flatMap((each) => whyOut(each) ?? []);
  const others = out.length === 0 ? '' : ` (${out.join('; ')})`;
  if (reason === 'conversation') return `sends account ${member.id}, which this conversation is on${others}`;
  if (reason === 'all_out') return `sends account ${member.id}: of those that are out it is back first${others}`;
  return byStrategy(accounts, member) + others;
}

function ofTheOnly(member: AccountMember | undefined): string {
  const isStore = member?.data.account.kind === 'store';
  return isStore ? 'sends the login of the store' : 'sends the API key of the configuration';
}

function byStrategy(accounts: ForeseeableAccounts, chosen: AccountMember): string {
  const { members, strategy } = accounts;
  if (!FORETOLD.has(strategy)) {
    const able = members.filter((member) => whyOut(member) === null).map(({ id }) => id);
    return able.length === 1
      ? `sends account ${chosen.id}`
      : `sends one of the accounts ${able.join(', ')}, by ${strategy}`;
  }
  if (strategy !== 'quota') return `sends account ${chosen.id}, by ${strategy}`;
  const left = (member: AccountMember): string => `${Math.round(accounts.leftOf(member) * 100)} %`;
  const others = members.filter((member) => member !== chosen && whyOut(member) === null);
  const than = others.map((member) => `${left(member)} of ${member.id}`).join(', ');
  return `sends account ${chosen.id}: ${left(chosen)} of its quota is left${than === '' ? '' : `, and ${than}`}`;
}

/** Null: it may be picked. */
function whyOut(member: AccountMember): string | null {
  const { id, data } = member;
  if (data.account.isDead) return `${id} has to sign in again`;
  const { obstacle, retryInMs } = member.state();
  if (obstacle === null) return null;
  const what = obstacle === 'auth_failed' ? 'is refused' : obstacle === 'cooling' ? 'is left alone' : `is ${obstacle}`;
  return retryInMs > 0 ? `${id} ${what} for ${Math.ceil(retryInMs / 1000)} s` : `${id} ${what}`;
}
