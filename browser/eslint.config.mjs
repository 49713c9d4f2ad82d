import tseslint from "typescript-eslint";

const noDefaultExport = {
  selector: "ExportDefaultDeclaration, ExportSpecifier[exported.name='default']",
  message: "Export by name: a default export has a different name in every file that imports it.",
};
const noEnum = { selector: "TSEnumDeclaration", message: "Use a const object and a union type." };

export default tseslint.config(
  { ignores: ["dist/", "docs/", "node_modules/"] },
  {
    files: ["**/*.ts"],
    extends: [tseslint.configs.strictTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      "max-lines": ["error", 400],
      "max-lines-per-function": ["error", 60],
      "no-console": "error",
      "no-restricted-syntax": ["error", noDefaultExport, noEnum],
      "@typescript-eslint/no-floating-promises": "error",
      "@typescript-eslint/switch-exhaustiveness-check": "error",
      "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true }],
      "@typescript-eslint/explicit-module-boundary-types": "error",
    },
  },
  { files: ["test/**", "e2e/**"], rules: { "max-lines-per-function": "off", "no-console": "off" } },
  // Pages that were written for gstwebrtc-api import by default.
  { files: ["src/index.ts"], rules: { "no-restricted-syntax": ["error", noEnum] } },
  // The runner looks for the default export of its configuration.
  { files: ["vitest.config.ts"], rules: { "no-restricted-syntax": "off" } },
);
