// Section process.node: how this node and others reach each other. Rule: closed unless somebody opens it, and nobody gets in without the secret
// that all nodes have.

import { z } from 'zod';
import { parseAddress } from '../../core/address.ts';
import { listenAddress, secret } from './fields.ts';
import { serverTls, type TlsConfig } from './tls.ts';

export interface NodeConfig {
  readonly listen: string;
  /** null: the address that it listens on. */
  readonly address: string | null;
  readonly secret: string;
  /** null: in the clear. */
  readonly tls: TlsConfig | null;
}

const ADDRESS_EXPECTED = 'expected a host and a port, such as 10.0.0.5:7946';

export const nodeSchema: z.ZodType<NodeConfig> = z.strictObject({
  listen: listenAddress()
    .prefault('127.0.0.1:7946')
    .describe(
      'Where other nodes bring visitors of tunnels whose clients are connected to this one, and ask for its agents.',
    ),
  address: z
    .string({ error: ADDRESS_EXPECTED })
    .refine((text) => {
      const address = parseAddress(text);
      return address.kind === 'tcp' && address.port !== 0;
    }, ADDRESS_EXPECTED)
    .nullable()
    .prefault(null)
    .describe('Where other nodes find that door, if it is not where it listens.')
    .meta({ samples: ['10.0.0.5:7946'] }),
  secret: secret()
    .describe('By it nodes prove to each other that they belong together: the same on each of them.')
    .meta({ samples: ['${SLUICE_NODE_SECRET}'] }),
  tls: serverTls
    .nullable()
    .prefault(null)
    .describe(
      'TLS between nodes. Any certificate will do, also one that nobody vouches for: the proof of the secret is bound to the connection. `null`: in the clear.',
    ),
});
