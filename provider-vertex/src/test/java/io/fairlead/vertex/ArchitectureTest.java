package io.fairlead.vertex;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static java.util.stream.Collectors.groupingBy;
import static java.util.stream.Collectors.mapping;
import static java.util.stream.Collectors.toCollection;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.Test;

class ArchitectureTest {
  private static final String API = "io.fairlead.vertex";
  private static final String INTERNAL = "io.fairlead.vertex.internal";
  private static final String STORAGE = INTERNAL + ".storage";
  private static final String HTTP = INTERNAL + ".http";
  private static final String AUTH = INTERNAL + ".auth";
  private static final String CATALOG = INTERNAL + ".catalog";
  private static final String VALUES = INTERNAL + ".values";
  private static final int MOST_FILES = 40;

  private static final JavaClasses VERTEX = new ClassFileImporter()
      .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
      .importPackages(API);

  /** What is here is completed beside the grammar, so each is there for callers. */
  @Test
  void onlyWhatCallersUseIsPublicOutsideOfInternal() {
    assertThat(publicIn(API))
        .containsExactlyInAnyOrder(
            "VertexProvider",
            "VertexConfig",
            "VertexHosts",
            "VertexPlatform",
            "VertexArtifact",
            "VertexVersion",
            "VertexResponse",
            "VertexVerifiedModel",
            "VertexRuntime",
            "VertexContainer",
            "VertexProbe",
            "VertexScaling",
            "VertexAutoscaling",
            "VertexPool",
            "VertexEndpoint",
            "VertexLogging",
            "VertexMonitoring");
    assertThat(publicIn(INTERNAL))
        .containsExactlyInAnyOrder("DefaultVertexPlatform", "VertexOptionsProvider");
  }

  /** The provider has to open what is inside; nothing else in the public package leads there. */
  @Test
  void onlyTheProviderLeadsInside() {
    noClasses()
        .that()
        .resideInAPackage(API)
        .and()
        .doNotHaveSimpleName("VertexProvider")
        .should()
        .dependOnClassesThat()
        .resideInAPackage(INTERNAL)
        .check(VERTEX);
  }

  @Test
  void noPackageIsTooLargeToFindOnesWayIn() {
    Map<String, TreeSet<String>> files = VERTEX.stream()
        .filter(JavaClass::isTopLevelClass)
        .collect(groupingBy(
            JavaClass::getPackageName,
            mapping(JavaClass::getSimpleName, toCollection(TreeSet::new))));

    assertThat(files).containsOnlyKeys(API, INTERNAL, STORAGE, HTTP, AUTH, CATALOG, VALUES);
    assertThat(files.values())
        .allSatisfy(types -> assertThat(types).hasSizeLessThanOrEqualTo(MOST_FILES));
  }

  @Test
  void everyPackageIsNullMarked() {
    assertThat(List.of(API, INTERNAL, STORAGE, HTTP, AUTH, CATALOG, VALUES))
        .allSatisfy(name -> assertThat(
                Class.forName(name + ".package-info").isAnnotationPresent(NullMarked.class))
            .isTrue());
  }

  private static Set<String> publicIn(String name) {
    return VERTEX.stream()
        .filter(type -> type.getPackageName().equals(name))
        .filter(JavaClass::isTopLevelClass)
        .filter(type -> type.getModifiers().contains(JavaModifier.PUBLIC))
        .map(JavaClass::getSimpleName)
        .collect(toCollection(TreeSet::new));
  }
}
