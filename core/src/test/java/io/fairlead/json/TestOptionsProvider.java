package io.fairlead.json;

import io.fairlead.grammar.PlatformOptions;
import io.fairlead.grammar.SampleValues.EarlierOption;
import io.fairlead.grammar.SampleValues.SampleOption;
import io.fairlead.spi.OptionsProvider;
import java.util.Set;

/** The options of the platform "sample". */
public final class TestOptionsProvider implements OptionsProvider {
  public TestOptionsProvider() {}

  @Override
  public String platform() {
    return "sample";
  }

  @Override
  public Set<Class<? extends PlatformOptions>> types() {
    return Set.of(SampleOption.class, EveryType.class, RefusingOption.class);
  }

  /** The options of the platform "earlier". */
  public static final class Earlier implements OptionsProvider {
    public Earlier() {}

    @Override
    public String platform() {
      return "earlier";
    }

    @Override
    public Set<Class<? extends PlatformOptions>> types() {
      return Set.of(EarlierOption.class);
    }
  }

  /** A module whose options were renamed without its author noticing. */
  public static final class Broken implements OptionsProvider {
    public Broken() {}

    @Override
    public String platform() {
      throw new IllegalStateException("the module is broken");
    }

    @Override
    public Set<Class<? extends PlatformOptions>> types() {
      return Set.of();
    }
  }
}
