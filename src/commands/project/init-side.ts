import type { Ask } from '../../ask.js';
import { isPlaceholder } from '../../config/check.js';
import type { WrittenSide } from '../../config/schema.js';
import { readServerUrl, type ServerUrl } from '../../config/server-url.js';
import type { SideName } from '../../errors.js';

/** Finds out what a config must say of one side: from options, and on a terminal by asking for the rest. */

export interface SideOptions {
  readonly url: string | undefined;
  readonly owner: string | undefined;
  readonly rootPwEnv: string | undefined;
  readonly ownerPwEnv: string | undefined;
}

type Password = WrittenSide['root_user']['pw'];

/** All of a side but the pglogical user. */
export interface SideAnswers {
  readonly server: Omit<ServerUrl, 'user'>;
  readonly root: { readonly name: string; readonly pw: Password };
  readonly owner: { readonly name: string; readonly pw: Password };
}

/** What is known of a side once its options are read. */
export interface SideDraft {
  readonly side: SideName;
  readonly server: ServerUrl | undefined;
  readonly owner: string | undefined;
  readonly rootPw: Password | undefined;
  readonly ownerPw: Password | undefined;
  /** What is wrong with the options: whole sentences without a full stop. */
  readonly faults: readonly string[];
  /** The options that were not given, each with what it is. */
  readonly missing: readonly string[];
}

/** Reads the options of a side. @param defaultOwner the owner where none is given */
export function readSideOptions(side: SideName, options: SideOptions, defaultOwner: string | undefined): SideDraft {
  const faults: string[] = [];
  const url = options.url === undefined ? undefined : readServerUrl(options.url);
  if (url !== undefined && 'faults' in url) faults.push(...url.faults.map((fault) => `--${side} ${fault}`));
  const variable = (flag: string, name: string | undefined): Password | undefined => {
    const wrong = name === undefined ? undefined : wrongVariable(name);
    if (wrong !== undefined) faults.push(`--${side}-${flag} ${wrong}`);
    return name === undefined ? undefined : { env: name };
  };
  const wrongOwner = options.owner === undefined ? undefined : wrongText(options.owner);
  if (wrongOwner !== undefined) faults.push(`--${side}-owner ${wrongOwner}`);
  const server = url === undefined || 'faults' in url ? undefined : url;
  const owner = options.owner ?? defaultOwner;
  const rootPw = variable('root-pw-env', options.rootPwEnv);
  // Where the root user owns the tables as well, there is one password.
  const ownerPw = variable('owner-pw-env', options.ownerPwEnv) ?? (owner === server?.user ? rootPw : undefined);
  const missing = [
    ...(url === undefined ? [`--${side} URL: the server, as postgres://USER@HOST:PORT/DATABASE`] : []),
    // The destination's is the source's when left out.
    ...(owner === undefined && side === 'src' ? [`--${side}-owner NAME: the role that owns the tables`] : []),
    ...(rootPw === undefined ? [`--${side}-root-pw-env VARIABLE: where the password of the root user is`] : []),
    ...(ownerPw === undefined ? [`--${side}-owner-pw-env VARIABLE: where the password of the owner is`] : []),
  ];
  return { side, server, owner, rootPw, ownerPw, faults, missing };
}

/**
 * Asks for what a side lacks.
 * @param like the side that was asked for before, whose names are offered
 */
export async function completeSide(draft: SideDraft, ask: Ask, like?: SideAnswers): Promise<SideAnswers> {
  const place = draft.side === 'src' ? 'Source' : 'Destination';
  const text = (what: string, offered?: string) => askText(ask, `${place}, ${what}`, wrongText, offered);
  const server: ServerUrl = draft.server ?? {
    host: await askText(ask, `${place}, host`, (answer) => wrongHost(answer, draft.side)),
    port: Number(await askText(ask, `${place}, port`, wrongPort, '5432')),
    db: await text('database', like?.server.db),
    user: await text('root user', like?.root.name ?? 'postgres'),
  };
  const { user, ...where } = server;
  const rootPw = draft.rootPw ?? (await askPassword(ask, `${place}, password of ${user}`));
  const owner = draft.owner ?? (await text('owner of the tables', like?.owner.name));
  const ownerPw = draft.ownerPw ?? (owner === user ? rootPw : await askPassword(ask, `${place}, password of ${owner}`));
  return { server: where, root: { name: user, pw: rootPw }, owner: { name: owner, pw: ownerPw } };
}

/** Asks until the answer is well. @param offered what an empty answer stands for */
export async function askText(
  ask: Ask,
  what: string,
  wrong: (text: string) => string | undefined,
  offered?: string,
): Promise<string> {
  let remark = '';
  for (;;) {
    const typed = (await ask({ text: `${remark}${what}${offered === undefined ? '' : ` [${offered}]`}: ` })).trim();
    const answer = typed === '' ? (offered ?? '') : typed;
    const fault = wrong(answer);
    if (fault === undefined) return answer;
    remark = `It ${fault}. `;
  }
}

async function askPassword(ask: Ask, what: string): Promise<Password> {
  for (;;) {
    const typed = await ask({ text: `${what} (not shown; Enter to name an environment variable): `, hidden: true });
    if (typed === '') return { env: await askText(ask, `${what}, name of the variable`, wrongVariable) };
    if (!isPlaceholder(typed)) return typed;
  }
}

/** What is wrong with a name, completing the sentence "It ...". */
export function wrongText(text: string): string | undefined {
  if (text === '') return 'must not be empty';
  return isPlaceholder(text) ? 'still is a placeholder' : undefined;
}

function wrongHost(text: string, side: SideName): string | undefined {
  if (!text.includes('://')) return wrongText(text);
  return `wants the host alone, such as db.example.com; a URL goes into the option --${side}`;
}

function wrongPort(text: string): string | undefined {
  return /^\d{1,5}$/.test(text) && Number(text) >= 1 && Number(text) <= 65535
    ? undefined
    : 'wants a port from 1 to 65535';
}

/** Never shows what was given: it may be the password itself. */
function wrongVariable(name: string): string | undefined {
  return /^[A-Za-z_]\w*$/.test(name)
    ? undefined
    : 'wants the name of an environment variable: letters, digits and underscores';
}
