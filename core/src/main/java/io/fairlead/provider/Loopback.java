package io.fairlead.provider;

import java.net.InetAddress;
import java.net.URI;
import java.net.UnknownHostException;
import java.util.regex.Pattern;

/**
 * A check whether a host is this machine, to which alone credentials may be sent in plaintext.
 *
 * <p>It considers the spelling alone: {@code localhost}, a full IPv4 address that begins with 127, {@code ::1}. No name
 * is resolved, because it may be another machine the next time; names such as {@code x.localhost} are sent to name
 * servers on some systems, and are not loopback.
 */
public final class Loopback {
  private static final String OCTET = "(25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])";
  private static final Pattern IPV4 = Pattern.compile("127(\\." + OCTET + "){3}");
  private static final Pattern IPV6 = Pattern.compile("[0-9a-fA-F:.]*:[0-9a-fA-F:.]*");

  private Loopback() {}

  /** {@return whether a host is loopback; an IPv6 address may be in brackets} */
  public static boolean isHost(String host) {
    boolean bracketed = host.startsWith("[") && host.endsWith("]");
    String address = bracketed ? host.substring(1, host.length() - 1) : host;
    if (IPV6.matcher(address).matches()) {
      return isIpv6(address);
    }
    return !bracketed
        && (host.equalsIgnoreCase("localhost") || IPV4.matcher(host).matches());
  }

  private static boolean isIpv6(String address) {
    try {
      // In brackets, it is parsed and never looked up.
      return InetAddress.getByName("[" + address + "]").isLoopbackAddress();
    } catch (UnknownHostException e) {
      return false;
    }
  }

  /** {@return whether the host of a URI is loopback; one without a host is not} */
  public static boolean isHostOf(URI uri) {
    return uri.getHost() != null && isHost(uri.getHost());
  }

  /** {@return whether the host in {@code host:port} is loopback} */
  public static boolean isHostAndPort(String hostAndPort) {
    int colon = hostAndPort.lastIndexOf(':');
    return colon >= 0 && isHost(hostAndPort.substring(0, colon));
  }
}
