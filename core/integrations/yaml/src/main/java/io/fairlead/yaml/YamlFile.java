package io.fairlead.yaml;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.Objects.requireNonNull;

import io.fairlead.config.ConfigNode;
import io.fairlead.config.ConfigProblem;
import io.fairlead.config.DeploymentReader;
import io.fairlead.config.InvalidConfigurationException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CoderResult;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * A file of YAML 1.2, of which little is needed for a configuration, and no more is read: one document of groups, lists
 * and texts.
 *
 * <p>Each scalar is the text that is written: {@code no} is no flag, {@code 4.10} keeps its zero, and what a text means
 * is decided by the property that it is for. Anchors, aliases and tags are refused, and so are names that are given
 * twice, other encodings than UTF-8, and more than 1 MB. Each mistake is an {@link InvalidConfigurationException} with
 * the line and the column.
 */
public final class YamlFile {
  /** The size of the largest file that is read, in bytes. */
  public static final int LARGEST = 1 << 20;

  private static final int BYTE_ORDER_MARK = 0xFEFF;

  private YamlFile() {}

  /**
   * {@return the reader of a file for one deployment}
   *
   * <p>Its relative paths are in the folder of the file, and {@code ${NAME}} is a variable of the environment of this
   * process.
   *
   * @throws InvalidConfigurationException if it cannot be read as YAML; the mistakes in what it says are those of the
   *     reader
   */
  public static DeploymentReader deployment(Path file) {
    return deployment(file, System::getenv);
  }

  /** {@return the reader of a file for one deployment, with variables of one's own in place of the environment's} */
  public static DeploymentReader deployment(
      Path file, Function<String, @Nullable String> environment) {
    ConfigNode.Group read = read(file);
    Path folder = requireNonNull(file.toAbsolutePath().getParent(), "a file is in a folder");
    return new DeploymentReader(read, folder, environment);
  }

  /**
   * {@return what a file says}
   *
   * @throws InvalidConfigurationException if it cannot be read
   */
  public static ConfigNode.Group read(Path file) {
    String name = file.toString();
    try (InputStream in = Files.newInputStream(file)) {
      return read(in.readNBytes(LARGEST + 1), name);
    } catch (NoSuchFileException e) {
      throw invalid("There is no such file: " + name, "");
    } catch (IOException e) {
      throw invalid(
          Files.isDirectory(file) ? "It is a folder, and not a file" : "It cannot be read: " + e,
          name);
    }
  }

  /**
   * {@return what the content of a file says}
   *
   * @param name the name of the file, for messages
   * @throws InvalidConfigurationException if it is no such YAML
   */
  public static ConfigNode.Group read(byte[] content, String name) {
    requireNonNull(name, "name");
    if (content.length > LARGEST) {
      throw invalid("It is larger than " + LARGEST + " bytes", name);
    }
    return new YamlParser(text(content, name), name).group();
  }

  private static String text(byte[] content, String name) {
    if (startsWith(content, 0xFE, 0xFF) || startsWith(content, 0xFF, 0xFE)) {
      throw invalid("It is in UTF-16: save it as UTF-8", name);
    }
    ByteBuffer bytes = ByteBuffer.wrap(content);
    CharBuffer chars = CharBuffer.allocate(content.length);
    CoderResult result = UTF_8.newDecoder().decode(bytes, chars, true);
    String text = chars.flip().toString();
    if (result.isError()) {
      // The bytes before it are decoded.
      long line = text.chars().filter(each -> each == '\n').count() + 1;
      throw invalid("It is not in UTF-8, in which it has to be saved", name + ", line " + line);
    }
    return !text.isEmpty() && text.charAt(0) == BYTE_ORDER_MARK ? text.substring(1) : text;
  }

  private static boolean startsWith(byte[] content, int first, int second) {
    return content.length > 1 && content[0] == (byte) first && content[1] == (byte) second;
  }

  static InvalidConfigurationException invalid(String sentence, String origin) {
    return new InvalidConfigurationException(List.of(new ConfigProblem("", sentence, "", origin)));
  }
}
