/** Valid answers of routers, as RFC 6886 and RFC 6887 lay them out. */

export interface PcpSays {
  readonly result?: number;
  readonly lifetime?: number;
  readonly epoch?: number;
  readonly externalPort?: number;
}

/** Answers an ANNOUNCE or a MAP request. */
export function pcpAnswer(request: Buffer, says: PcpSays = {}): Buffer {
  const answer = Buffer.from(request.subarray(0, request[1] === 0 ? 24 : 60));
  answer[1] = 0x80 | (request[1] ?? 0);
  answer[3] = says.result ?? 0;
  answer.writeUInt32BE(says.lifetime ?? request.readUInt32BE(4), 4);
  answer.writeUInt32BE(says.epoch ?? 1000, 8);
  answer.fill(0, 12, 24);
  if (answer.length > 24) {
    answer.writeUInt16BE(says.externalPort ?? request.readUInt16BE(42), 42);
    Buffer.from([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 203, 0, 113, 9]).copy(answer, 44);
  }
  return answer;
}

/** Answers a request for the external address or a mapping. */
export function natPmpAnswer(request: Buffer, says: PcpSays = {}): Buffer {
  const isMap = request[1] !== 0;
  const answer = Buffer.alloc(isMap ? 16 : 12);
  answer[1] = 128 + (request[1] ?? 0);
  answer.writeUInt16BE(says.result ?? 0, 2);
  answer.writeUInt32BE(says.epoch ?? 1000, 4);
  if (!isMap) Buffer.from([203, 0, 113, 9]).copy(answer, 8);
  else {
    request.copy(answer, 8, 4, 6);
    answer.writeUInt16BE(says.externalPort ?? request.readUInt16BE(6), 10);
    answer.writeUInt32BE(says.lifetime ?? request.readUInt32BE(8), 12);
  }
  return answer;
}
