/**
 * Maps with at most `limit` under way, results in the order of the items. The first rejection rejects the whole.
 * An ssh connection carries only a few channels at once (sshd_config(5), MaxSessions).
 */
export async function mapBounded<Item, Value>(
  items: readonly Item[],
  limit: number,
  work: (item: Item) => Promise<Value>,
): Promise<Value[]> {
  const values = new Array<Value>(items.length);
  const queue = items.entries();
  const worker = async (): Promise<void> => {
    // One iterator shared by all workers: each item is taken once.
    for (const [index, item] of queue) values[index] = await work(item);
  };
  await Promise.all(Array.from({ length: Math.min(limit, items.length) }, worker));
  return values;
}
