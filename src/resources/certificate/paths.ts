/** Where certificates lie, each in a folder named after it. */
export const CERTIFICATES = '/etc/ssl/hostwright';

/** Files of one certificate on the host. */
export interface CertificatePaths {
  readonly folder: string;
  /** The certificate, and after it those that vouch for it; everybody may read it. */
  readonly certificate: string;
  /** Its private key, made on the host. */
  readonly key: string;
}

/** The files of the certificate of that name, wherever it comes from. */
export function certificatePaths(name: string): CertificatePaths {
  const folder = `${CERTIFICATES}/${name}`;
  return { folder, certificate: `${folder}/fullchain.pem`, key: `${folder}/key.pem` };
}
