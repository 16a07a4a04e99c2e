// The tunnels that this Sluice opens at a server elsewhere. Rule: one that is not online says why, in the words of whoever refused it.
import type { JSX } from 'preact';
import type { ExposedAnswer } from '../../../src/control/admin-answers.ts';
import { Chip, type Tone } from '../components/chip.tsx';
import { formatBytes, formatCount } from '../format.ts';
import { PublicLink } from './public-link.tsx';

const TONES: Readonly<Record<ExposedAnswer['status'], Tone>> = { connecting: 'warn', online: 'good', ended: 'bad' };

export function ExposedCard({ tunnels }: { readonly tunnels: readonly ExposedAnswer[] }): JSX.Element {
  return (
    <section class="card tunnels">
      <h2>Exposed by this Sluice</h2>
      <div class="scrolls" tabIndex={0} role="region" aria-label="Tunnels that this Sluice opens">
        <table class="plain-table">
          <thead>
            <tr>
              <th scope="col">Tunnel</th>
              <th scope="col">Local server</th>
              <th scope="col">Status</th>
              <th scope="col">Health</th>
              <th scope="col" class="right">
                Requests
              </th>
              <th scope="col" class="right">
                From visitors
              </th>
              <th scope="col" class="right">
                To visitors
              </th>
            </tr>
          </thead>
          <tbody>
            {tunnels.map((tunnel) => (
              <ExposedRow key={tunnel.name} tunnel={tunnel} />
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}

function ExposedRow({ tunnel }: { readonly tunnel: ExposedAnswer }): JSX.Element {
  const { name, server, local, status, url, reason, health, requests } = tunnel;
  return (
    <tr>
      <th scope="row">
        <code>{name}</code>
        <div class="quiet">{url === null ? `at ${server}` : <PublicLink url={url} />}</div>
      </th>
      <td>
        <code>{local}</code>
        <div class="quiet">through {server}</div>
      </td>
      <td>
        <Chip tone={TONES[status]}>{status}</Chip>
        {reason !== null && <div class="quiet">{reason}</div>}
      </td>
      <td>
        <Health health={health} />
      </td>
      <td class="right">{formatCount(requests)}</td>
      <td class="right">{formatBytes(tunnel.bytes_in)}</td>
      <td class="right">{formatBytes(tunnel.bytes_out)}</td>
    </tr>
  );
}

function Health({ health }: Pick<ExposedAnswer, 'health'>): JSX.Element {
  if (health === null) return <span class="quiet">not checked</span>;
  const tone = health.state === 'healthy' ? 'good' : health.state === 'unhealthy' ? 'bad' : 'plain';
  return (
    <>
      <Chip tone={tone}>{health.state}</Chip>
      {health.reason !== null && <div class="quiet">{health.reason}</div>}
    </>
  );
}
