import vue from '@vitejs/plugin-vue'
import { defineConfig } from 'vite'

// `npm run dev` shows the pages while they are written, against a gateway on its default port.
const gateway = 'http://127.0.0.1:8080'

export default defineConfig({
  plugins: [vue()],
  build: { assetsInlineLimit: 0, chunkSizeWarningLimit: 600 },
  server: {
    proxy: {
      '/api': gateway,
      '/ws': { target: gateway, ws: true },
    },
  },
})
