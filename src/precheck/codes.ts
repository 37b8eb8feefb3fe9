/**
 * The findings of precheck that make setup refuse, and with which a person may go on all the same (`--accept`). What
 * else makes it refuse it cannot do without. Kept apart from the kinds, as the command line is read before they load.
 */
export const ACCEPTABLE = [
  'access-method-missing',
  'collation-missing',
  'extension-unavailable',
  'large-objects',
  'language-missing',
  'other-subscription',
  'outside-object-missing',
  'partition-elsewhere',
  'pg-stat-statements-not-loaded',
  'role-missing',
  'security-label',
  'senders-short',
  'setting-below-least',
  'slots-short',
  'subscription',
  'type-missing',
  'workers-short',
] as const;

export type AcceptableCode = (typeof ACCEPTABLE)[number];
