// Tunnels that a Sluice opens elsewhere, where there are none until a configuration says so.
import { MemberTable } from '../../src/services/balance/member-table.ts';
import { ClientDesk, type ClientDeskOptions } from '../../src/runtime/tunnel-client/client-desk.ts';

export function clientDesk(options: Partial<ClientDeskOptions> = {}): ClientDesk {
  const table = new MemberTable({ capacity: 32 });
  return new ClientDesk({ dataDir: '/nonexistent', env: {}, table, log: () => {}, ...options });
}
