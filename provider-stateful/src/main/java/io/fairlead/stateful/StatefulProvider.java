package io.fairlead.stateful;

/** Temporary. */
public final class StatefulProvider {
  /** The id. */
  public static final String ID = "stateful";

  private StatefulProvider() {}
}
