package io.fairlead.engine;

import ai.onnxruntime.OrtEnvironment;
import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.fairlead.engine.internal.Engine;
import io.fairlead.platform.Request;
import java.io.File;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.slf4j.LoggerFactory;

/** The command line of a JVM that a test starts for a second or two: most of what it costs is its start. */
public final class TestJvm {
  private TestJvm() {}

  /** {@return the launcher and its first options, to which others and a main class are added} */
  public static List<String> command() {
    return new ArrayList<>(List.of(
        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
        "-XX:TieredStopAtLevel=1",
        "-XX:+UseSerialGC"));
  }

  /** {@return the same with a class path} */
  public static List<String> command(String classPath) {
    List<String> command = command();
    command.addAll(List.of("-cp", classPath));
    return command;
  }

  /**
   * {@return the class path of a JVM that runs tabular ONNX models, and no more: each further jar is opened to no avail}
   *
   * @param more classes of what else it needs
   */
  public static String classPath(Class<?>... more) {
    return Stream.concat(
            Stream.of(
                TestJvm.class,
                Engine.class,
                Request.class,
                OrtEnvironment.class,
                JsonFactory.class,
                ObjectMapper.class,
                LoggerFactory.class,
                LoggerFactory.getILoggerFactory().getClass()),
            Stream.of(more))
        .map(TestJvm::origin)
        .distinct()
        .collect(Collectors.joining(File.pathSeparator));
  }

  private static String origin(Class<?> type) {
    try {
      return Path.of(type.getProtectionDomain().getCodeSource().getLocation().toURI())
          .toString();
    } catch (URISyntaxException e) {
      throw new IllegalArgumentException(e);
    }
  }
}
