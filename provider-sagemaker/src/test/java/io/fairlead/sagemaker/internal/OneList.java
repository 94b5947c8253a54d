package io.fairlead.sagemaker.internal;

import io.fairlead.error.ServingException;
import io.fairlead.platform.EndpointPlatform;
import io.fairlead.platform.Platforms;
import java.util.HashMap;
import java.util.Map;

/** A process that lists what is deployed, and prints how that went; its settings are its arguments, {@code name=value}. */
final class OneList {
  private OneList() {}

  public static void main(String[] args) {
    Map<String, String> settings = new HashMap<>();
    for (String arg : args) {
      settings.put(arg.substring(0, arg.indexOf('=')), arg.substring(arg.indexOf('=') + 1));
    }
    try (EndpointPlatform platform =
        Platforms.open("sagemaker", EndpointPlatform.class, settings)) {
      System.out.println("listed " + platform.list());
    } catch (ServingException e) {
      System.out.println(e.kind() + " " + e.getMessage());
    } catch (RuntimeException e) {
      System.out.println(e.getMessage());
    }
  }
}
