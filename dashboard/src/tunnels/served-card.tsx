// The tunnels that clients have opened, here or on another node: names, clients, what runs through them, taking one away. Rule: a name that waits for its client is listed as
// well, since it is taken.
import type { JSX } from 'preact';
import type { TunnelAnswer } from '../../../src/control/admin-answers.ts';
import { Chip } from '../components/chip.tsx';
import { EmptyState } from '../components/empty-state.tsx';
import { ErrorNotice } from '../components/error-notice.tsx';
import { SureButton } from '../components/sure-button.tsx';
import { formatBytes, formatCount, formatDate, formatFromNow, formatMs } from '../format.ts';
import { sendJson } from '../state/api.ts';
import { useDeed } from '../state/deed.ts';
import { PublicLink } from './public-link.tsx';

export interface ServedCardProps {
  readonly tunnels: readonly TunnelAnswer[];
  /** Where clients connect; null: it is not known. */
  readonly door: string | null;
  readonly onChanged: () => void;
}

export function ServedCard({ tunnels, door, onChanged }: ServedCardProps): JSX.Element {
  const isOfSeveral = new Set(tunnels.map(({ node }) => node)).size > 1;
  return (
    <section class="card tunnels">
      <h2>{isOfSeveral ? 'Served by all nodes' : 'Served here'}</h2>
      {tunnels.length === 0 ? (
        <EmptyState
          title="No client is connected"
          command={`sluice http 3000${door === null ? '' : ` --server ${door}`}`}
        >
          Clients connect {door === null ? 'with a token' : `to ${door} with a token`}, from any machine that gets
          there:
        </EmptyState>
      ) : (
        <ServedTable {...{ tunnels, isOfSeveral, onChanged }} />
      )}
    </section>
  );
}

interface ServedTableProps extends Omit<ServedCardProps, 'door'> {
  /** Of several nodes, and each says which. */
  readonly isOfSeveral: boolean;
}

function ServedTable({ tunnels, isOfSeveral, onChanged }: ServedTableProps): JSX.Element {
  return (
    <div class="scrolls" tabIndex={0} role="region" aria-label="Tunnels that are served">
      <table class="plain-table">
        <thead>
          <tr>
            <th scope="col">Tunnel</th>
            <th scope="col">Standing</th>
            <th scope="col">Client</th>
            <th scope="col" class="right">
              Round trip
            </th>
            <th scope="col" class="right">
              Now
            </th>
            <th scope="col" class="right">
              In all
            </th>
            <th scope="col" class="right">
              From client
            </th>
            <th scope="col" class="right">
              To client
            </th>
            <th scope="col">
              <span class="unseen">Remove</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {tunnels.map((tunnel) => (
            <ServedRow key={`${tunnel.node} ${tunnel.name}`} {...{ tunnel, isOfSeveral, onChanged }} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

interface ServedRowProps extends Omit<ServedTableProps, 'tunnels'> {
  readonly tunnel: TunnelAnswer;
}

function ServedRow({ tunnel, isOfSeveral, onChanged }: ServedRowProps): JSX.Element {
  const { name, url, client, tcp } = tunnel;
  const deed = useDeed(onChanged);
  const remove = (): void => void deed.run(() => sendJson('DELETE', `/api/v1/tunnels/${encodeURIComponent(name)}`));
  return (
    <tr>
      <th scope="row">
        <code>{name}</code> {tcp !== null && <Chip tone="info">TCP port {tcp.port}</Chip>}
        <div class="quiet">
          <PublicLink url={url} />
        </div>
      </th>
      <td>
        <Standing tunnel={tunnel} />
        {isOfSeveral && <div class="quiet">on {tunnel.node}</div>}
      </td>
      <td>
        <Client tunnel={tunnel} />
      </td>
      <td class="right">{formatMs(client?.round_trip_ms ?? null)}</td>
      <Use tunnel={tunnel} />
      <td class="right">
        <SureButton word="Remove" what={name} disabled={deed.isRunning.value} onSure={remove} />
        <ErrorNotice error={deed.error.value} />
      </td>
    </tr>
  );
}

function Standing({ tunnel: { online, since, reconnects } }: { readonly tunnel: TunnelAnswer }): JSX.Element {
  return (
    <>
      <Chip tone={online ? 'good' : 'warn'}>{online ? 'online' : 'waits for its client'}</Chip>
      <div class="quiet" title={formatDate(since)}>
        {formatFromNow(since)}
        {reconnects > 0 && `, came back ${formatCount(reconnects)} times`}
      </div>
    </>
  );
}

function Client({ tunnel: { account, client, clients } }: { readonly tunnel: TunnelAnswer }): JSX.Element {
  return (
    <>
      {client === null ? <span class="quiet">none</span> : <code>{client.address}</code>}
      <div class="quiet">
        {account}
        {client !== null && ` · protocol ${client.protocol_version}`}
        {clients > 1 && ` · ${clients} clients share it`}
      </div>
    </>
  );
}

function Use({ tunnel }: { readonly tunnel: TunnelAnswer }): JSX.Element {
  const { client, tcp } = tunnel;
  // Of a TCP tunnel the port has counted what passed, seen from its visitors.
  const use =
    tcp === null
      ? [client?.streams ?? 0, tunnel.streams_total, tunnel.bytes_received, tunnel.bytes_sent]
      : [tcp.connections, tcp.connections_total, tcp.bytes_sent, tcp.bytes_received];
  const [now = 0, all = 0, received = 0, sent = 0] = use;
  return (
    <>
      <td class="right" title={tcp === null ? 'Requests that run now' : 'Visitors who are connected now'}>
        {formatCount(now)}
      </td>
      <td class="right">{formatCount(all)}</td>
      <td class="right">{formatBytes(received)}</td>
      <td class="right">{formatBytes(sent)}</td>
    </>
  );
}
