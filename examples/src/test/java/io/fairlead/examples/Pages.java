package io.fairlead.examples;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** The pages of the project, and their blocks of code. */
final class Pages {
  static final Path ROOT = Path.of("..").toAbsolutePath().normalize();

  private static final Pattern BLOCK =
      Pattern.compile("^( *)```([^\\n]*)\\n(.*?)^ *```$", Pattern.DOTALL | Pattern.MULTILINE);

  private Pages() {}

  /** A fenced block: the page, its number there, the language (or nothing), and what is in it. */
  record Block(Path page, int number, String language, String text) {
    @Override
    public String toString() {
      return page + " " + number + " " + language + ": "
          + text.lines().findFirst().orElse("");
    }
  }

  /** {@return all pages: what is linked from the root, and everything under docs, relative to the root} */
  static List<Path> all() {
    try (Stream<Path> files = Files.walk(ROOT.resolve("docs"))) {
      return Stream.concat(
              Stream.of(ROOT.resolve("README.md"), ROOT.resolve("examples/README.md")), files)
          .filter(file -> file.toString().endsWith(".md"))
          .map(ROOT::relativize)
          .sorted()
          .toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  static List<Block> blocks() {
    return all().stream().flatMap(page -> blocks(page).stream()).toList();
  }

  static List<Block> blocks(Path page) {
    int[] number = {0};
    return BLOCK
        .matcher(text(page))
        .results()
        .map(found -> new Block(
            page, ++number[0], found.group(2).strip(), unindented(found.group(1), found.group(3))))
        .toList();
  }

  static String text(Path page) {
    return read(ROOT.resolve(page));
  }

  static String read(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** {@return the files of the project with one of the extensions, without those that a build or a page makes} */
  static List<Path> files(String... extensions) {
    List<Path> found = new ArrayList<>();
    try {
      Files.walkFileTree(ROOT, new SimpleFileVisitor<>() {
        @Override
        public FileVisitResult preVisitDirectory(Path folder, BasicFileAttributes attributes) {
          String name = folder.getFileName().toString();
          boolean other =
              name.equals("target") || name.equals("node_modules") || name.equals(".git");
          return other ? FileVisitResult.SKIP_SUBTREE : FileVisitResult.CONTINUE;
        }

        @Override
        public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
          String name = file.getFileName().toString();
          if (List.of(extensions).contains(name.substring(name.lastIndexOf('.') + 1))) {
            found.add(file);
          }
          return FileVisitResult.CONTINUE;
        }
      });
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return found;
  }

  private static String unindented(String indent, String text) {
    return indent.isEmpty() ? text : text.replaceAll("(?m)^" + indent, "");
  }
}
