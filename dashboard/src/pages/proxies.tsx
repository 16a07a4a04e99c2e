// The proxies of the hops, group by group, and what a person decides about them. Rule: the address of a proxy is shown without its credentials, and one
// that is given here is sent once and kept nowhere.
import type { JSX } from 'preact';
import { useRef } from 'preact/hooks';
import type { ProxiesAnswer, ProxyAnswer } from '../../../src/control/admin-answers.ts';
import { Chip } from '../components/chip.tsx';
import { EmptyState } from '../components/empty-state.tsx';
import { ErrorNotice } from '../components/error-notice.tsx';
import { formatBytes } from '../format.ts';
import { MemberGroup } from '../members/member-group.tsx';
import { sendJson } from '../state/api.ts';
import { textIn, useDeed } from '../state/deed.ts';
import { usePolled } from '../state/polled.ts';

const PATH = '/api/v1/proxies';
const LOOK_EVERY_MS = 2000;

export function Page(): JSX.Element {
  const { data, error, again } = usePolled<ProxiesAnswer>(PATH, LOOK_EVERY_MS);
  const proxies = data.value?.proxies ?? [];
  const hops = [...new Set(proxies.map(({ hop }) => hop))];
  return (
    <>
      <header class="page-head">
        <h1>Proxies</h1>
        <p class="quiet">
          {proxies.length} in {hops.length} {hops.length === 1 ? 'group' : 'groups'}
        </p>
      </header>
      <ErrorNotice error={error.value} />
      {data.value !== null && proxies.length === 0 && (
        <EmptyState title="Everything goes out directly" command="sluice proxy --via http://proxy.example:3128">
          There are no hops. They stand under hops in the config, or to try one:
        </EmptyState>
      )}
      {hops.map((hop) => (
        <MemberGroup
          key={hop}
          title={hop}
          path={PATH}
          members={proxies.filter((proxy) => proxy.hop === hop)}
          about={(id) => <About proxy={proxies.find((proxy) => proxy.id === id)} />}
          onChanged={again}
        />
      ))}
      {hops.length > 0 && <Add hops={hops} onAdded={again} />}
    </>
  );
}

function About({ proxy }: { readonly proxy: ProxyAnswer | undefined }): JSX.Element | null {
  if (proxy === undefined) return null;
  const { protocol, host, port, tags, changed, backup, stats } = proxy;
  const words = Object.entries(tags).map(([name, value]) => `${name}=${value}`);
  return (
    <>
      {protocol}://{host}:{port} · {formatBytes(stats.bytes)} {words.join(' ')} {backup && <Chip>backup</Chip>}{' '}
      {changed === 'until_restart' && <Chip tone="info">until the next start</Chip>}
    </>
  );
}

function Add({ hops, onAdded }: { readonly hops: readonly string[]; readonly onAdded: () => void }): JSX.Element {
  const form = useRef<HTMLFormElement>(null);
  const deed = useDeed(() => {
    form.current?.reset();
    onAdded();
  });
  const add = (event: Event): void => {
    event.preventDefault();
    const given = new FormData(form.current ?? undefined);
    const text = (name: string): string => textIn(given, name);
    const wish = { hop: text('hop'), url: text('url'), persist: given.has('persist') };
    void deed.run(() => sendJson('POST', PATH, text('id') === '' ? wish : { ...wish, id: text('id') }));
  };
  return (
    <section class="card">
      <h2>Add a proxy</h2>
      <form ref={form} class="add-member" onSubmit={add}>
        <label>
          Group
          <select name="hop">
            {hops.map((hop) => (
              <option key={hop}>{hop}</option>
            ))}
          </select>
        </label>
        <label>
          Name
          <input name="id" autocomplete="off" placeholder="made from the address" />
        </label>
        <label class="wide">
          Address
          <input name="url" required autocomplete="off" placeholder="socks5://user:password@proxy.example:1080" />
        </label>
        <label>
          Kept
          <span class="actions">
            <input name="persist" type="checkbox" aria-label="Keep it over the next start" />
            over the next start
          </span>
        </label>
        <button type="submit" disabled={deed.isRunning.value}>
          Add
        </button>
      </form>
      <ErrorNotice error={deed.error.value} />
    </section>
  );
}
