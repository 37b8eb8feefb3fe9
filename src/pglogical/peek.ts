/**
 * What a subscription's slot would send next, without taking it; $1 is the slot, $2 its replication set. The plugin's
 * parameters are those of the apply worker, but for the format. Source: pglogical.c, pglogical_start_replication.
 * @param most after so many rows no further transaction is read
 */
export function peekCall(most: number): string {
  return `pg_logical_slot_peek_changes($1, NULL, ${String(most)}, 'expected_encoding', 'UTF8', 'min_proto_version', '1',
           'max_proto_version', '1', 'startup_params_format', '1', 'proto_format', 'json',
           'pglogical.forward_origins', '', 'pglogical.replication_set_names', $2,
           'hooks.setup_function', 'pglogical.pglogical_hooks_setup')`;
}
