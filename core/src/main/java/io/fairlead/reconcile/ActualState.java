package io.fairlead.reconcile;

/**
 * The actual state of a platform's resources, read as it is asked for and each remote object once.
 *
 * <p>A mapper {@linkplain EndpointMapper#read reads} a value back through it.
 */
public interface ActualState {
  /** {@return a resource as it is} */
  <T> Observed<T> of(KindName<T> kind, String name);
}
