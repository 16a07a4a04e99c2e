// The accounts of providers of AI without a data plane: for tests of whoever shows them.
import { AccountDesk } from '../../src/runtime/accounts/account-desk.ts';
import { MemberTable } from '../../src/services/balance/member-table.ts';

export function accountDesk(
  log: (message: string) => void = () => {},
  table: MemberTable = new MemberTable({ capacity: 32 }),
): AccountDesk {
  const note = (_fields: unknown, message?: string): void => log(message ?? '');
  return new AccountDesk({ table, logger: { info: note, warn: note } });
}
