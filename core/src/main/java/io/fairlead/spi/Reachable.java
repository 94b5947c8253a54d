package io.fairlead.spi;

import java.time.Duration;
import java.util.Optional;

/**
 * A platform that is reached over a network, for {@link io.fairlead.platform.Platforms#check}; the object that a
 * provider opens implements it.
 *
 * <p>Both methods may be called on any thread, which is interrupted once the limit of the check has passed.
 */
public interface Reachable {
  /**
   * {@return the credentials that calls are made with, as words without a secret: where they come from, and who that
   * is; empty if none are needed}
   *
   * @param limit the time for it
   * @throws io.fairlead.error.ServingException of kind {@code UNAUTHORIZED} if there are none, with what was tried and
   *     what to do
   */
  Optional<String> credentials(Duration limit);

  /**
   * Makes one cheap read, which needs the permissions that every use of the platform needs.
   *
   * @param limit the time for it
   * @return what answered, as words, such as the region or the workspace; empty if there is nothing to ask
   * @throws io.fairlead.error.ServingException if it does not answer, or refuses
   */
  Optional<String> reach(Duration limit);
}
